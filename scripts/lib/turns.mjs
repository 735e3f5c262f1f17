/**
 * What things that run at once print, shown one after the other in the order in which they joined: that of the first
 * which has not ended is shown as it comes, that of the others is kept until their turn. `write` receives text and the
 * name of its stream. Returns how to join.
 */
export function takeTurns(write) {
  const waiting = [];
  const showFirst = () => {
    while (waiting.length > 0) {
      for (const { text, stream } of waiting[0].kept.splice(0)) write(text, stream);
      if (!waiting[0].ended) return;
      waiting.shift();
    }
  };
  return () => {
    const place = { kept: [], ended: false };
    waiting.push(place);
    return {
      print: (text, stream = 'stdout') => {
        place.kept.push({ text, stream });
        if (place === waiting[0]) showFirst();
      },
      end: () => {
        place.ended = true;
        showFirst();
      },
    };
  };
}

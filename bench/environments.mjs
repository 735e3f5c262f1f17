/** The machines and versions that results were measured with; where there are several, which rows each was used for. */
export function environmentsOf(results) {
  const names = new Map();
  for (const { name, environment } of results) {
    const text = describe({ ...peersOn(environment, results), ...environment });
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  const several = names.size > 1;
  return [...names].map(([text, of]) => (several ? `${text}\n\nRows: ${of.join(', ')}.` : text)).join('\n\n');
}

/** A row without peers was measured in the same way as those with: what it says of them is what others say. */
function peersOn({ machine, system, node }, results) {
  const same = results.map(({ environment }) => environment).filter((other) => other.python !== undefined);
  return same.find((other) => other.machine === machine && other.system === system && other.node === node);
}

function describe({ machine, system, node, onnxruntime, python, numpy, scipy, ortools, blas }) {
  const lines = [`- ${machine}; ${system}`, `- Node.js ${node}, onnxruntime ${onnxruntime}`];
  if (python !== undefined) {
    lines.push(`- Python ${python}, numpy ${numpy} (${blas}), scipy ${scipy}, OR-tools ${ortools}`);
  }
  return lines.join('\n');
}

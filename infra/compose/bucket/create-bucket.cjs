// Usage: create-bucket.cjs ADDRESS NAME. Creates a bucket of an emulator, once it answers, unless it exists.
const [address, name] = process.argv.slice(2);

async function create(triesLeft) {
  try {
    const response = await fetch(`${address}/storage/v1/b?project=local`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    if (response.ok || response.status === 409) return;
    throw new Error(`${address} answered ${response.status}`);
  } catch (error) {
    if (triesLeft === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await create(triesLeft - 1);
  }
}

create(30).catch((error) => {
  console.error(`create-bucket: ${error.message}`);
  process.exitCode = 1;
});

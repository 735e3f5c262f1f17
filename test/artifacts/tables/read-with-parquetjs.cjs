// Prints the rows of a Parquet file as JSON, read by @dsnp/parquetjs: node read-with-parquetjs.cjs <file>
const { ParquetReader } = require('@dsnp/parquetjs');

async function main(file) {
  const reader = await ParquetReader.openFile(file);
  const rows = [];
  const cursor = reader.getCursor();
  for (let row = await cursor.next(); row !== null; row = await cursor.next()) rows.push(row);
  await reader.close();
  process.stdout.write(JSON.stringify(rows));
}

main(process.argv[2]);

/*
 * Proves matchings with the compiled code, in a thread: in the sandbox of jest the runtime that multiplies gives arrays of
 * another realm once another thread has loaded it. Answers each claim with its proof.
 */
const { parentPort } = require('node:worker_threads');
const { openFloatProducts } = require('../../dist/kernels/ort/float-products.js');
const { proveOptimality } = require('../../dist/matching/verification/prove-optimality.js');

parentPort.on('message', async (claim) => parentPort.postMessage(await proveOptimality(claim, openFloatProducts)));

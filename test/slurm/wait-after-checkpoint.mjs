/**
 * Preloaded into a job: after each checkpoint the job waits until the file named by ESPALIER_GATE exists or SIGTERM arrives.
 * A test can so interrupt the training before it ends, even on a fast machine.
 */
import fs from 'node:fs';
import path from 'node:path';

const { rename } = fs.promises;
const gate = process.env.ESPALIER_GATE;
const MILLISECONDS_BETWEEN_LOOKS = 50;

fs.promises.rename = async (from, to) => {
  await rename(from, to);
  if (gate === undefined || !path.basename(String(to)).startsWith('checkpoint-')) return;
  let isStopped = false;
  process.once('SIGTERM', () => (isStopped = true));
  while (!isStopped && !fs.existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, MILLISECONDS_BETWEEN_LOOKS));
};

/**
 * Preloaded into a job: after a checkpoint it stands still until the file ESPALIER_GATE is there or it is told to stop, so
 * that what a test does to a job in its training comes before its end, however fast the machine trains.
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

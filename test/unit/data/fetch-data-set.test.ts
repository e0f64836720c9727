import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogue, type DataSetFile, dataSetNames } from '../../../src/core/data/fetch/catalogue.ts';
import { fetchDataSet, type FetchDataSetOptions } from '../../../src/core/data/fetch/fetch-data-set.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import { createRandom } from '../../../src/core/random.ts';

const random = createRandom(7);
const content = Uint8Array.from({ length: 300_000 }, () => random.integer(256));
const digest = createHash('sha256').update(content).digest('hex');

let folder = '';
let server: Server;
let requests: (string | undefined)[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

/** As static file servers do: the whole, or from a byte on. */
function serveRanges({ headers }: IncomingMessage, response: ServerResponse): void {
  const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from >= content.length) response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  else if (from > 0) response.writeHead(206, { 'content-length': content.length - from }).end(content.subarray(from));
  else response.writeHead(200, { 'content-length': content.length }).end(content);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-fetch-'));
  requests = [];
  answer = serveRanges;
  server = createServer((request, response) => {
    requests.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  rmSync(folder, { recursive: true, force: true });
});

function file(): DataSetFile {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/data.tar.gz`, name: 'data.tar.gz', sha256: digest };
}

const options = (more: Partial<FetchDataSetOptions> = {}): FetchDataSetOptions => ({
  folder,
  signal: new AbortController().signal,
  files: [file()],
  ...more,
});
const path = (): string => join(folder, 'data.tar.gz');

describe('fetching a published data set', () => {
  it('downloads once; what is there and right is not asked for again', async () => {
    const progress: number[] = [];
    const { files, spec } = await fetchDataSet('cifar-10', options({ onProgress: (_name, received) => progress.push(received) }));
    expect(files).toEqual([path()]);
    expect(readFileSync(path()).equals(content)).toBe(true);
    expect(progress.at(-1)).toBe(content.length);
    expect(spec).toMatchObject({ format: 'cifar-binary' });
    await fetchDataSet('cifar-10', options());
    expect(requests).toEqual([undefined]);
  });

  it('goes on where a broken connection ended', async () => {
    let breakOff: () => void = () => undefined;
    answer = (_request, response) => {
      breakOff = () => response.destroy();
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 100_000));
    };
    // Not after a time, in which nothing may have come.
    await expect(fetchDataSet('mnist', options({ onProgress: () => breakOff() }))).rejects.toMatchObject({ code: 'file-access' });
    expect(existsSync(path())).toBe(false);
    const kept = readFileSync(`${path()}.part`).length;
    expect(kept).toBeGreaterThan(0);
    answer = serveRanges;
    await fetchDataSet('mnist', options());
    expect(requests).toEqual([undefined, `bytes=${kept}-`]);
    expect(readFileSync(path()).equals(content)).toBe(true);
    expect(existsSync(`${path()}.part`)).toBe(false);
  });

  it('takes a complete part as it is, and starts again where the server knows no ranges', async () => {
    writeFileSync(`${path()}.part`, content);
    await fetchDataSet('mnist', options());
    expect(readFileSync(path()).equals(content)).toBe(true);
    rmSync(path());
    writeFileSync(`${path()}.part`, content.subarray(5, 500));
    answer = (_request, response) => {
      response.writeHead(200).end(content);
    };
    await fetchDataSet('mnist', options());
    expect(readFileSync(path()).equals(content)).toBe(true);
  });

  it('keeps nothing that has another checksum', async () => {
    answer = (_request, response) => {
      response.writeHead(200).end('<html>please log in</html>');
    };
    await expect(fetchDataSet('mnist', options())).rejects.toThrow(/not the published file \(its SHA-256 differs\).*proxy/);
    expect(existsSync(path()) || existsSync(`${path()}.part`)).toBe(false);
  });

  it('says what is in the place of a file', async () => {
    mkdirSync(join(folder, 'data.tar.gz'));
    await expect(fetchDataSet('mnist', options())).rejects.toThrow(/data\.tar\.gz: it is a folder, not a file/);
    rmSync(join(folder, 'data.tar.gz'), { recursive: true });
    mkdirSync(join(folder, 'data.tar.gz.part'));
    await expect(fetchDataSet('mnist', options())).rejects.toThrow(/data\.tar\.gz\.part: it is a folder, not a file/);
  });

  it('asks only servers that are reached over https, also after a redirection', async () => {
    for (const { files } of Object.values(catalogue))
      for (const { url, sha256 } of files) expect([url.slice(0, 8), sha256]).toEqual(['https://', expect.stringMatching(/^[0-9a-f]{64}$/)]);
    await expect(fetchDataSet('mnist', options({ files: [{ ...file(), url: 'http://data.example/data.tar.gz' }] }))).rejects.toThrow(
      'is not an https address',
    );
    answer = (_request, response) => {
      response.writeHead(302, { location: 'http://0.0.0.0:1/data.tar.gz' }).end();
    };
    await expect(fetchDataSet('mnist', options())).rejects.toMatchObject({ code: 'file-access' });
    expect(existsSync(path())).toBe(false);
  });

  it('tells the manual steps where the network is not there', async () => {
    answer = (_request, response) => {
      response.writeHead(403).end();
    };
    await expect(fetchDataSet('mnist', options())).rejects.toThrow(
      /the server answers 403[^]*put these files into[^]*data\.tar\.gz \(SHA-256 /,
    );
    const closed: DataSetFile = { ...file(), url: 'http://127.0.0.1:1/data.tar.gz' };
    await expect(fetchDataSet('mnist', options({ files: [closed] }))).rejects.toThrow(/cannot be reached[^]*put these files into/);
    await expect(fetchDataSet('svhn', options())).rejects.toThrow(
      /no data set "svhn".*mnist, fashion-mnist, cifar-10, speech-commands, imagenet/,
    );
  });

  it('tells how to get ImageNet, whose publisher wants to be asked, and takes it where it is', async () => {
    const byHand: FetchDataSetOptions = { folder, signal: new AbortController().signal };
    mkdirSync(join(folder, 'train'));
    await expect(fetchDataSet('imagenet', byHand)).rejects.toThrow(
      /no folder "val"[^]*1\. ask for access[^]*val\/<synset>\/[^]*image-net\.org/,
    );
    mkdirSync(join(folder, 'val'));
    expect((await fetchDataSet('imagenet', byHand)).spec).toMatchObject({
      format: 'images',
      test: `${folder}/val`,
      preprocessing: { fit: 'cover', centreCrop: 0.875 },
    });
    expect(requests).toEqual([]);
  });

  it.each(dataSetNames)('has a spec of %s that is a sound data block', async (name) => {
    const spec = catalogue[name].spec('data');
    await expect(openData(spec, folder, { seed: 0 })).rejects.toMatchObject({ code: 'file-access' });
  });

  it('ends when cancelled', async () => {
    const controller = new AbortController();
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1000), () => controller.abort());
    };
    await expect(fetchDataSet('mnist', options({ signal: controller.signal }))).rejects.toMatchObject({ code: 'cancelled' });
  });
});

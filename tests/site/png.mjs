// Makes a picture for tests that give one to a page.
import { deflateSync } from "node:zlib";

/** A PNG of `width` x `height`, from red, green, blue at each place. */
export function png(width, height, colour) {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const sum = (bytes) =>
    (bytes.reduce((c, byte) => table[(c ^ byte) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
  const part = (kind, content) => {
    const named = Buffer.concat([Buffer.from(kind), content]);
    const ends = [Buffer.alloc(4), Buffer.alloc(4)];
    ends[0].writeUInt32BE(content.length);
    ends[1].writeUInt32BE(sum(named));
    return Buffer.concat([ends[0], named, ends[1]]);
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from({ length: width }, (_, x) => colour(x, y)).flat(),
  ]);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const body = part("IDAT", deflateSync(Buffer.from(rows.flat())));
  return Buffer.concat([signature, part("IHDR", head), body, part("IEND", Buffer.alloc(0))]);
}

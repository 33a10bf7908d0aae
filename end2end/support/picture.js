// A photo of a slip, as far as the program can tell: a PNG of its own each time.
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const SIDE = 320;

/** CRC-32 as PNG wants it (ISO 3309). */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A grey square with a line of random dots, so that no two files are the same. */
export function picture() {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header[8] = 8; // bits; the zeros after it: grey, deflate, adaptive filters, not interlaced
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(SIDE, 0xd0)]);
  const rows = Array.from({ length: SIDE }, () => row);
  rows[SIDE / 2] = Buffer.concat([Buffer.from([0]), randomBytes(SIDE)]);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

// Counts what a page weighs on the wire, below any HTTP library that would tidy it up.
import { connect } from 'node:net';

/** Bytes of the whole answer (status line, headers, body with its framing), and its head. */
export function weigh(url, { accept = 'br' } = {}) {
  const { hostname, port, pathname, search, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port || 80), hostname);
    const parts = [];
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no answer from ${url}`)));
    socket.on('error', reject);
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => {
      const answer = Buffer.concat(parts);
      const head = answer.subarray(0, answer.indexOf('\r\n\r\n')).toString('latin1');
      resolve({ bytes: answer.length, head, status: Number(head.split(' ')[1]) });
    });
    // The headers that a phone's browser sends with a link that was tapped.
    socket.write(
      [
        `GET ${pathname}${search} HTTP/1.1`,
        `Host: ${host}`,
        'Accept: text/html,application/xhtml+xml',
        `Accept-Encoding: ${accept}`,
        'Accept-Language: en',
        'Sec-Fetch-Site: none',
        'Sec-Fetch-Mode: navigate',
        'Sec-Fetch-Dest: document',
        'Connection: close',
        '',
        '',
      ].join('\r\n'),
    );
  });
}

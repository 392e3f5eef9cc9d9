import { request } from 'node:http';

/** The status of a request with headers that `fetch` does not let a program set, such as `Host`. */
export function statusOf(url: string, method: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const pending = request(url, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    pending.on('error', reject).end();
  });
}

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";

/** A server on a free port of the loopback interface, until the test ends. Returns its origin. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An API of somebody's own: what it was sent, and how many of the next requests it answers with 401. */
export interface Api {
  url: string;
  seen: (string | undefined)[];
  bodies: string[];
  refusals: number;
}

export async function serveApi({ refusals = 0 } = {}): Promise<Api> {
  const api: Api = { url: "", seen: [], bodies: [], refusals };
  api.url = await serve(async (request, response) => {
    const { authorization } = request.headers;
    api.seen.push(authorization);
    let body = "";
    for await (const chunk of request) body += chunk;
    api.bodies.push(body);
    const refused = !authorization || api.refusals-- > 0;
    response.writeHead(refused ? 401 : 200, { "Content-Type": "application/json" }).end("{}");
  });
  return api;
}

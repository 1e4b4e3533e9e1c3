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

/** One answer of a service: a status, and a body unless there is none. */
export type Answer = [status: number, body?: unknown];

/** A service that answers so: "POST /auth/signin". What it was asked for stands in `seen`. A CSRF token it has for everybody. */
export async function serveAnswers(answers: Record<string, Answer>): Promise<{ url: string; seen: string[] }> {
  const all: Record<string, Answer> = { "GET /auth/csrf": [200, { csrfToken: "a-token" }], ...answers };
  const seen: string[] = [];
  const url = await serve((request, response) => {
    const asked = `${request.method} ${request.url}`;
    seen.push(asked);
    const [status, body] = all[asked] ?? [404, { code: "not_found", message: "There is nothing at this path", details: {} }];
    if (body === undefined) response.writeHead(status).end();
    else response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  return { url, seen };
}

export const ADA = { id: "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11", email: "ada@example.com" };

/** What sign-in and refresh answer. */
export function sessionOf(user = ADA, accessToken = "header.payload.signature") {
  return { accessToken, expiresIn: 3600, user };
}

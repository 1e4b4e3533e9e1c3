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

/** What the service is to answer: always the same, or one after the other, the last of them from then on. Null: nothing, ever. */
export type Answers = Record<string, Answer | (Answer | null)[]>;

export interface Answering {
  url: string;
  /** What it was asked for. */
  seen: string[];
  /** The bodies that came with it; null where there was none. */
  bodies: unknown[];
  /** The access tokens that came with it. */
  tokens: (string | undefined)[];
}

/** A service that answers so: "POST /auth/signin". A CSRF token it has for everybody. */
export async function serveAnswers(answers: Answers): Promise<Answering> {
  const all: Answers = { "GET /auth/csrf": [200, { csrfToken: "a-token" }], ...answers };
  const service: Answering = { url: "", seen: [], bodies: [], tokens: [] };
  const counts = new Map<string, number>();
  service.url = await serve(async (request, response) => {
    const asked = `${request.method} ${request.url}`;
    let text = "";
    for await (const chunk of request) text += chunk;
    const earlier = counts.get(asked) ?? 0;
    counts.set(asked, earlier + 1);
    service.seen.push(asked);
    service.bodies.push(text ? JSON.parse(text) : null);
    service.tokens.push(request.headers.authorization?.replace("Bearer ", ""));
    const answer = nth(all[asked] ?? [404, failed("not_found", "There is nothing at this path")], earlier);
    if (!answer) return;
    const [status, body] = answer;
    if (body === undefined) response.writeHead(status).end();
    else response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  return service;
}

function nth(answers: Answer | (Answer | null)[], index: number): Answer | null {
  if (typeof answers[0] === "number") return answers as Answer;
  return (answers as (Answer | null)[])[Math.min(index, answers.length - 1)] ?? null;
}

/** The body of an error. */
export function failed(code: string, message = code, details: object = {}) {
  return { code, message, details };
}

export const ADA = { id: "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11", email: "ada@example.com" };

/** What sign-in and refresh answer. */
export function sessionOf(user = ADA, accessToken = "header.payload.signature", more: object = {}) {
  return { accessToken, expiresIn: 3600, user, aal: "aal1", mfa: { required: false, factors: [] }, next: null, ...more };
}

import { Latchkey } from "@latchkey/client";
import { attachLatchkey } from "@latchkey/client/axios";
import axios from "axios";

declare const __ONE_ORIGIN__: boolean;
declare const __SERVICE_PORT__: string;

/**
 * The service is on the host that the page came from: http://localhost:5173 and http://127.0.0.1:8000 would be two sites to
 * a browser, and the cookie would not travel between them.
 */
const sameHost = `${location.protocol}//${location.hostname}:${__SERVICE_PORT__}`;
export const SERVICE: string = __ONE_ORIGIN__ ? "" : import.meta.env.VITE_LATCHKEY_URL || sameHost;

/** The page's one client: it holds the access token, in memory. */
export const latchkey = new Latchkey({ baseUrl: SERVICE });

/** For every call that needs the access token; here the profile, in an app its own API. */
export const http = axios.create({ baseURL: SERVICE, timeout: 30_000 });
attachLatchkey(http, latchkey);

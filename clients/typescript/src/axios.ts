import type { AxiosError, AxiosInstance, InternalAxiosRequestConfig } from "axios";
import { asError } from "./core/wire.ts";
import { LatchkeyError, type LatchkeyErrorBody, networkError, unwrap } from "./errors.ts";
import type { Latchkey } from "./latchkey.ts";

/** What is kept with a request; Axios copies it when the request is repeated. */
interface Config extends InternalAxiosRequestConfig {
  latchkey?: { token: string; repeated: boolean };
}

/**
 * Makes an Axios instance send the access token, to the origins that may have it and to no other. On 401 the token is
 * renewed and the request repeated, once; when the session has ended, the 401 arrives. A request that needs a new token
 * which cannot be had right now fails with a `LatchkeyError`: that is an outage, and nobody is signed out by it.
 *
 * Returns what takes it off again.
 */
export function attachLatchkey(instance: AxiosInstance, latchkey: Latchkey): () => void {
  const request = instance.interceptors.request.use(async (config: Config) => {
    if (!latchkey.maySendTokenTo(instance.getUri(config))) return config;
    const token = unwrap(await latchkey.accessToken({ signal: signalOf(config) }));
    if (!token) return config;
    config.headers.set("Authorization", `Bearer ${token}`);
    config.latchkey = { token, repeated: config.latchkey?.repeated ?? false };
    return config;
  });

  const response = instance.interceptors.response.use(undefined, async (failure: unknown) => {
    const config: Config | undefined = isAxiosError(failure) && failure.response?.status === 401 ? failure.config : undefined;
    if (!config?.latchkey || config.latchkey.repeated) throw failure;
    const token = unwrap(await latchkey.renew(config.latchkey.token, { signal: signalOf(config) }));
    if (!token) throw failure;
    config.latchkey.repeated = true;
    return instance.request(config);
  });

  return () => {
    instance.interceptors.request.eject(request);
    instance.interceptors.response.eject(response);
  };
}

const TIMEOUTS = ["ECONNABORTED", "ETIMEDOUT"];

/**
 * What went wrong, of anything that an Axios call to Latchkey throws: an error to switch on by its `code`. Rethrows what
 * is no failed request, cancellation included.
 */
export function errorOf(failure: unknown): LatchkeyErrorBody {
  if (failure instanceof LatchkeyError) return failure.error;
  if (!isAxiosError(failure) || failure.code === "ERR_CANCELED") throw failure;
  if (!failure.response) {
    return networkError(TIMEOUTS.includes(failure.code ?? "") ? "timeout" : "unreachable", failure.message);
  }
  return asError<LatchkeyErrorBody>(failure.response.data, failure.response.status);
}

// Axios marks its errors so that no copy of Axios has to be loaded to know them.
function isAxiosError(failure: unknown): failure is AxiosError {
  return failure instanceof Error && "isAxiosError" in failure && failure.isAxiosError === true;
}

function signalOf(config: InternalAxiosRequestConfig): AbortSignal | undefined {
  return config.signal instanceof AbortSignal ? config.signal : undefined;
}

import { Api } from "../generated/swagger-typescript-api/latchkey";
import { account, check, checkRefused, credentials, SERVICE } from "./flow";

let csrfToken = "";
let accessToken = "";
// It reads no JSON by itself where a response is a reference: `format` says so for all.
const api = new Api({
  baseUrl: SERVICE,
  baseApiParams: { format: "json" },
  securityWorker: () => ({
    headers: { "X-CSRF-Token": csrfToken, ...(accessToken && { Authorization: `Bearer ${accessToken}` }) },
  }),
});
csrfToken = (await api.auth.getCsrfToken()).data.csrfToken;
await api.auth.signUp(account);
const refused = await api.auth.signIn({ ...credentials, password: "wrong" }).catch((response) => response);
checkRefused(refused.error);
accessToken = (await api.auth.signIn(credentials)).data.accessToken;
check((await api.auth.getMe()).data);

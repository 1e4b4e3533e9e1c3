import { AccountApi, AuthInvalidCredentialsFromJSON, Configuration, CSRFApi, ResponseError, SessionApi } from "../generated/typescript-fetch";
import { account, check, checkRefused, credentials, SERVICE } from "./flow";

let csrfToken = "";
let accessToken = "";
const configuration = new Configuration({ basePath: SERVICE, apiKey: () => csrfToken, accessToken: () => accessToken });
({ csrfToken } = await new CSRFApi(configuration).getCsrfToken());
const accounts = new AccountApi(configuration);
const sessions = new SessionApi(configuration);
await accounts.signUp({ signUpRequest: account });
const failure: unknown = await sessions.signIn({ signInRequest: { ...credentials, password: "wrong" } }).catch((error) => error);
if (!(failure instanceof ResponseError)) throw failure;
checkRefused(AuthInvalidCredentialsFromJSON(await failure.response.json()));
({ accessToken } = await sessions.signIn({ signInRequest: credentials }));
check(await accounts.getMe());

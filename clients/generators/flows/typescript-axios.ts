import axios from "axios";
import { AccountApi, type AuthInvalidCredentials, Configuration, CSRFApi, SessionApi } from "../generated/typescript-axios";
import { account, check, checkRefused, credentials, SERVICE } from "./flow";

axios.defaults.adapter = "fetch"; // so that the flow's cookies travel
let csrfToken = "";
let accessToken = "";
const configuration = new Configuration({ basePath: SERVICE, apiKey: () => csrfToken, accessToken: () => accessToken });
csrfToken = (await new CSRFApi(configuration).getCsrfToken()).data.csrfToken;
const accounts = new AccountApi(configuration);
const sessions = new SessionApi(configuration);
await accounts.signUp(account);
const failure: unknown = await sessions.signIn({ ...credentials, password: "wrong" }).catch((error) => error);
if (!axios.isAxiosError<AuthInvalidCredentials>(failure)) throw failure;
checkRefused(failure.response?.data);
accessToken = (await sessions.signIn(credentials)).data.accessToken;
check((await accounts.getMe()).data);

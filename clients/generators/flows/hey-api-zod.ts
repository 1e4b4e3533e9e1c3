import { getCsrfToken, getMe, signIn, signUp } from "../generated/hey-api-zod";
import { client } from "../generated/hey-api-zod/client.gen";
import { zMe, zSession, zSignInBody } from "../generated/hey-api-zod/zod.gen";
import { account, check, checkRefused, credentials, SERVICE } from "./flow";

client.setConfig({ baseUrl: SERVICE });
const { data: csrf } = await getCsrfToken();
let accessToken = "";
client.setConfig({ auth: (scheme) => (scheme.type === "apiKey" && !scheme.in ? csrf?.csrfToken : accessToken) });
await signUp({ body: account });
const { error } = await signIn({ body: { ...credentials, password: "wrong" } });
checkRefused(error?.code === "auth_invalid_credentials" ? error : undefined);
const { data: session } = await signIn({ body: zSignInBody.parse(credentials) });
accessToken = zSession.parse(session).accessToken;
const { data: me } = await getMe();
check(zMe.parse(me));

import { setConfig } from "@kubb/plugin-client/clients/fetch";
import { getCsrfToken, getMe, signIn, signUp } from "../generated/kubb";
import { meSchema, sessionSchema } from "../generated/kubb/zod";
import { account, check, checkRefused, credentials, SERVICE } from "./flow";

setConfig({ baseURL: SERVICE });
const { csrfToken } = await getCsrfToken();
const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrfToken };
await signUp(account, { headers });
// Its client of fetch tells no success from failure: the schema does.
const refused: unknown = await signIn({ ...credentials, password: "wrong" }, { headers });
if (sessionSchema.safeParse(refused).success) throw new Error("a wrong password signed in");
checkRefused(refused as { code: "auth_invalid_credentials"; message: string });
const session = sessionSchema.parse(await signIn(credentials, { headers }));
check(meSchema.parse(await getMe({ headers: { Authorization: `Bearer ${session.accessToken}` } })));

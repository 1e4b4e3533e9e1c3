import { getCsrfToken, getMe, signIn, signUp } from "../generated/orval/latchkey";
import { account, check, checkRefused, credentials } from "./flow";

const csrf = await getCsrfToken();
const headers = { "X-CSRF-Token": csrf.status === 200 ? csrf.data.csrfToken : "" };
await signUp(account, { headers });
const refused = await signIn({ ...credentials, password: "wrong" }, { headers });
checkRefused(refused.status === 401 ? refused.data : undefined);
const session = await signIn(credentials, { headers });
const accessToken = session.status === 200 ? session.data.accessToken : "";
const me = await getMe({ headers: { Authorization: `Bearer ${accessToken}` } });
check(me.status === 200 ? me.data : undefined);

import assert from "node:assert/strict";
import { setupServer } from "msw/node";
import { getCsrfToken, getMe, signIn, signUp } from "../generated/orval-mocks/latchkey";
import { getLatchkeyMock } from "../generated/orval-mocks/latchkey.msw";
import { GetMeResponse, SignInResponse } from "../generated/orval-mocks/zod";
import { account, check, checkRefused, credentials } from "./flow";

async function signInAndAsk(): Promise<Awaited<ReturnType<typeof getMe>>> {
  const csrf = await getCsrfToken();
  const headers = { "X-CSRF-Token": csrf.status === 200 ? csrf.data.csrfToken : "" };
  await signUp(account, { headers });
  const session = await signIn(credentials, { headers });
  const { accessToken } = SignInResponse.parse(session.data);
  return await getMe({ headers: { Authorization: `Bearer ${accessToken}` } });
}

// Against the mocks first: what they answer is the contract's examples, which its own schemas take.
const mocks = setupServer(...getLatchkeyMock());
mocks.listen({ onUnhandledFrame: "error" });
const mocked = GetMeResponse.parse((await signInAndAsk()).data);
assert.equal(mocked.user.profile.displayName, "Ada Lovelace");
mocks.close();

const me = await signInAndAsk();
const csrf = await getCsrfToken();
const headers = { "X-CSRF-Token": csrf.status === 200 ? csrf.data.csrfToken : "" };
const refused = await signIn({ ...credentials, password: "wrong" }, { headers });
checkRefused(refused.status === 401 ? refused.data : undefined);
check(me.status === 200 ? me.data : undefined);

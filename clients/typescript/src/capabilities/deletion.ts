import type { CallOptions, Core } from "../core/session.ts";
import type { DeleteAccountError, Result } from "../errors.ts";

export interface Deletion {
  /**
   * Deletes the account; that cannot be undone. `confirm` is its address, typed once more. It takes a sign-in that is younger
   * than ten minutes (403 `auth_reauthentication_required`), and the second factor where there is one. Then nobody is signed
   * in any more, in any tab, for the reason `account_deleted`.
   */
  deleteAccount(confirm: string, options?: CallOptions): Promise<Result<null, DeleteAccountError>>;
}

export function deletion({ operation, inTurn, state, asUserNow, leave }: Core): Deletion {
  return {
    deleteAccount: (confirm, options = {}) =>
      operation<null, DeleteAccountError>(options, (limit) =>
        inTurn(limit, async () => {
          const { error } = await asUserNow("POST", "/auth/account/deletion", { body: { confirm } }, limit);
          if (error) return { error };
          leave("account_deleted", state.begin());
          return { data: null };
        }),
      ),
  };
}

// Signs up, signs in and calls me through the client that oapi-codegen generates.
package main

import (
	"context"
	"net/http"
	"strings"

	"latchkey/generators/flows/go/flow"
	api "latchkey/generators/generated/oapi-codegen"
)

func main() {
	ctx := context.Background()
	csrfToken, accessToken := "", ""
	credentials := func(_ context.Context, request *http.Request) error {
		request.Header.Set("X-CSRF-Token", csrfToken)
		if accessToken != "" {
			request.Header.Set("Authorization", "Bearer "+accessToken)
		}
		return nil
	}
	client, err := api.NewClientWithResponses(
		flow.Service, api.WithHTTPClient(flow.Browser()), api.WithRequestEditorFn(credentials))
	flow.Must(err)

	csrf, err := client.GetCsrfTokenWithResponse(ctx)
	flow.Must(err)
	csrfToken = csrf.JSON200.CsrfToken

	name := api.DisplayName(flow.Name)
	profile := &api.SignUpProfile{DisplayName: &name}
	signedUp, err := client.SignUpWithResponse(ctx, api.SignUpRequest{Email: api.Email(flow.Email), Password: flow.Password, Profile: profile})
	flow.Must(err)
	flow.Check(signedUp.JSON200 != nil, "signed up", signedUp.Status())

	refused, err := client.SignInWithResponse(ctx, api.SignInRequest{Email: api.AccountEmail(flow.Email), Password: "wrong"})
	flow.Must(err)
	flow.Check(refused.JSON401 != nil && string(refused.JSON401.Code) == "auth_invalid_credentials", "refused by its code", refused.Status())

	signedIn, err := client.SignInWithResponse(ctx, api.SignInRequest{Email: api.AccountEmail(flow.Email), Password: flow.Password})
	flow.Must(err)
	accessToken = signedIn.JSON200.AccessToken

	me, err := client.GetMeWithResponse(ctx)
	flow.Must(err)
	user := me.JSON200.User
	flow.Check(strings.EqualFold(string(user.Email), flow.Email) && *user.Profile.DisplayName == flow.Name, "me", user)
	flow.Worked()
}

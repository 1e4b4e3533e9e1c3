// Signs up, signs in and calls me through the client that openapi-generator generates for Go.
package main

import (
	"context"
	"strings"

	"latchkey/generators/flows/go/flow"
	api "latchkey/generators/generated/go"
)

func main() {
	configuration := api.NewConfiguration()
	configuration.Servers = api.ServerConfigurations{{URL: flow.Service}}
	configuration.HTTPClient = flow.Browser()
	client := api.NewAPIClient(configuration)

	csrf, _, err := client.CSRFAPI.GetCsrfToken(context.Background()).Execute()
	flow.Must(err)
	keys := map[string]api.APIKey{"csrfToken": {Key: csrf.CsrfToken}}
	ctx := context.WithValue(context.Background(), api.ContextAPIKeys, keys)

	account := api.NewSignUpRequest(flow.Email, flow.Password)
	account.SetProfile(api.SignUpProfile{DisplayName: *api.NewNullableString(api.PtrString(flow.Name))})
	_, _, err = client.AccountAPI.SignUp(ctx).SignUpRequest(*account).Execute()
	flow.Must(err)

	_, _, err = client.SessionAPI.SignIn(ctx).SignInRequest(*api.NewSignInRequest(flow.Email, "wrong")).Execute()
	refused, ok := err.(*api.GenericOpenAPIError)
	flow.Check(ok, "refused", err)
	body, ok := refused.Model().(api.AuthInvalidCredentials)
	flow.Check(ok && body.Code == "auth_invalid_credentials", "refused by its code", string(refused.Body()))

	session, _, err := client.SessionAPI.SignIn(ctx).SignInRequest(*api.NewSignInRequest(flow.Email, flow.Password)).Execute()
	flow.Must(err)

	me, _, err := client.AccountAPI.GetMe(context.WithValue(ctx, api.ContextAccessToken, session.AccessToken)).Execute()
	flow.Must(err)
	user := me.User
	flow.Check(strings.EqualFold(user.Email, flow.Email) && *user.Profile.DisplayName.Get() == flow.Name, "me", user)
	flow.Worked()
}

// Signs up, signs in and calls me through the client that ogen generates.
package main

import (
	"context"
	"strings"

	"github.com/ogen-go/ogen/ogenerrors"

	"latchkey/generators/flows/go/flow"
	api "latchkey/generators/generated/ogen"
)

type credentials struct{ csrfToken, accessToken string }

func (c *credentials) AccessToken(context.Context, api.OperationName) (api.AccessToken, error) {
	if c.accessToken == "" {
		return api.AccessToken{}, ogenerrors.ErrSkipClientSecurity
	}
	return api.AccessToken{Token: c.accessToken}, nil
}

func (c *credentials) CsrfToken(context.Context, api.OperationName) (api.CsrfToken, error) {
	return api.CsrfToken{APIKey: c.csrfToken}, nil
}

func (c *credentials) RefreshCookie(context.Context, api.OperationName) (api.RefreshCookie, error) {
	return api.RefreshCookie{}, ogenerrors.ErrSkipClientSecurity // the cookie jar's business
}

func main() {
	ctx := context.Background()
	held := &credentials{}
	client, err := api.NewClient(flow.Service, held, api.WithClient(flow.Browser()))
	flow.Must(err)

	csrf, err := client.GetCsrfToken(ctx)
	flow.Must(err)
	held.csrfToken = csrf.(*api.CsrfTokenResultHeaders).Response.CsrfToken

	profile := api.NewOptNilSignUpProfile(api.SignUpProfile{DisplayName: api.NewOptNilDisplayName(flow.Name)})
	signedUp, err := client.SignUp(ctx, &api.SignUpRequest{Email: api.Email(flow.Email), Password: flow.Password, Profile: profile})
	flow.Must(err)
	_, ok := signedUp.(*api.SignUpResultHeaders)
	flow.Check(ok, "signed up", signedUp)

	refused, err := client.SignIn(ctx, &api.SignInRequest{Email: api.AccountEmail(flow.Email), Password: "wrong"})
	flow.Must(err)
	_, ok = refused.(*api.AuthInvalidCredentialsHeaders)
	flow.Check(ok, "refused by its code", refused)

	signedIn, err := client.SignIn(ctx, &api.SignInRequest{Email: api.AccountEmail(flow.Email), Password: flow.Password})
	flow.Must(err)
	held.accessToken = string(signedIn.(*api.SessionOpenedHeaders).Response.AccessToken)

	answer, err := client.GetMe(ctx)
	flow.Must(err)
	me := answer.(*api.MeHeaders).Response.User
	flow.Check(strings.EqualFold(string(me.Email), flow.Email) && me.Profile.DisplayName.Value == flow.Name, "me", me)
	flow.Worked()
}

package auth

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// newcomer is a user whom the check signed up.
type newcomer struct {
	account   *lr.Account
	made, who *lr.Exchange
}

// signUp signs a user up and in. nil with the reason where that does not work.
func signUp(ctx context.Context, t *lr.Trial, rt *lr.Route, fields map[string]any) (*newcomer, string, error) {
	template := withPassword(t)
	if template == nil || template.WhoAmI == nil {
		return nil, "no account signs in with a password, so a new user cannot either", nil
	}
	r, err := t.Stage.Request(ctx, rt, nil, nil)
	if err != nil {
		return nil, "the sign-up could not be built: " + err.Error(), ended(ctx, err)
	}
	body := fieldsOf(r)
	user, _ := body[fieldOf(body, "email", "username", "login", "user", "email*")].(string)
	password, _ := body[fieldOf(body, "password", "password*", "secret")].(string)
	if name, ok := body[fieldOf(body, "username", "login")].(string); ok && !strings.Contains(template.User, "@") {
		user = name
	}
	if user == "" || password == "" {
		return nil, "the sign-up's body names no user or password", nil
	}
	if fields != nil {
		if err := with(r, fields); err != nil {
			return nil, "", err
		}
	}
	r.Note = "sign-up"
	made, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return nil, "the sign-up got no answer: " + err.Error(), ended(ctx, err)
	}
	if !made.OK() {
		return nil, fmt.Sprintf("the sign-up was answered %d", made.Status), nil
	}
	t.Stage.Adopt(ctx, rt, nil, made)
	stranger := *template
	stranger.User, stranger.UserID, stranger.TenantID, stranger.Known = user, "", "", nil
	in, x, err := signIn(ctx, t, &stranger, user, lr.NewSecret(password), nil)
	if err != nil || in == nil {
		if err != nil {
			return nil, "the new user could not sign in: " + err.Error(), ended(ctx, err)
		}
		return nil, fmt.Sprintf("the new user's sign-in was answered %d", x.Status), nil
	}
	who, hits, err := introduce(ctx, t, &stranger, credentialOf(in), "the new user")
	if err != nil || len(hits) == 0 {
		return nil, "the new user is not told who they are", ended(ctx, err)
	}
	return &newcomer{in, made, who}, "", nil
}

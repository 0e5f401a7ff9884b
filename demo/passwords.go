package demo

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/crypto/bcrypt"
)

type forgotIn struct {
	Email string `json:"email" api:"format=email,max=254,example=member@acme.test"`
}

type accepted struct {
	Status string `json:"status" api:"example=accepted"`
}

const resetLife = 30 * time.Minute

// forgotPassword answers the same whether the address has an account or not.
func (s *Server) forgotPassword(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[forgotIn](r)
	if err != nil {
		return err
	}
	u, err := s.userByEmail(r.Context(), in.Email)
	if err == nil && u.Status == "active" && (!s.attempts.take("reset "+u.ID, resetsAllowed) || s.flaws.Has("limits/reset-flood")) {
		err = s.sendReset(r.Context(), u.ID, in.Email)
	}
	if err != nil && !errors.Is(err, errNoRow) {
		return err
	}
	return reply(w, http.StatusAccepted, accepted{"accepted"})
}

func (s *Server) sendReset(ctx context.Context, userID, email string) error {
	token, now := "rst_"+s.randomText(20), s.now()
	_, err := s.db.exec(ctx, `insert into password_resets (token_hash, user_id, expires_at) values (?, ?, ?)`, digest(token), userID, stamp(now.Add(resetLife)))
	if err != nil {
		return err
	}
	link := s.URL + "/reset?token=" + token
	s.outbox.send(letter{ID: s.newID("mail"), To: email, Subject: "Reset your Harbor password", SentAt: stamp(now),
		Text: "Somebody asked for a new password for your account. Within 30 minutes, open\n\n" + link + "\n\nIf it was not you, do nothing.", Links: map[string]string{"reset": link}})
	return nil
}

type resetIn struct {
	Token    string `json:"token" api:"writeonly,max=200"`
	Password string `json:"password" api:"writeonly,format=password,min=8,max=72,example=correct horse battery"`
}

// hashOf is what is kept of a new password. bcrypt takes 72 bytes, which are fewer
// characters where they are not all ASCII: the description counts characters.
func hashOf(field, password string) ([]byte, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return nil, invalid(fieldError{field, "is longer than 72 bytes"})
	}
	return hash, err
}

// resetPassword sets a new password and ends all sessions of the user.
func (s *Server) resetPassword(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[resetIn](r)
	if err != nil {
		return err
	}
	hash, err := hashOf("password", in.Password)
	if err != nil {
		return err
	}
	now := stamp(s.now())
	err = s.db.within(r.Context(), func(tx querier) error {
		id, err := one(r.Context(), tx, scalar[string], `select user_id from password_resets where token_hash = ? and used_at is null and expires_at > ?`, digest(in.Token), now)
		if errors.Is(err, errNoRow) {
			return badRequest("the reset link is not valid any more")
		}
		if err != nil {
			return err
		}
		if !s.flaws.Has("auth/password-reset") {
			if _, err := tx.exec(r.Context(), `update password_resets set used_at = ? where user_id = ?`, now, id); err != nil {
				return err
			}
		}
		if _, err := tx.exec(r.Context(), `update users set password_hash = ? where id = ?`, hash, id); err != nil {
			return err
		}
		_, err = tx.exec(r.Context(), `update sessions set revoked_at = ?, cookie_hash = null where user_id = ? and revoked_at is null`, now, id)
		return err
	})
	if err != nil {
		return err
	}
	return reply(w, http.StatusNoContent, nil)
}

type changeIn struct {
	CurrentPassword string `json:"current_password" api:"writeonly,format=password,max=200"`
	NewPassword     string `json:"new_password" api:"writeonly,format=password,min=8,max=72,example=correct horse battery"`
}

// changePassword changes the caller's own password, whoever the body names.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[changeIn](r)
	if err != nil {
		return err
	}
	p := who(r)
	have, err := one(r.Context(), s.db, scalar[[]byte], `select password_hash from users where id = ?`, p.UserID)
	if err != nil {
		return err
	}
	if bcrypt.CompareHashAndPassword(have, []byte(in.CurrentPassword)) != nil {
		return forbidden("the current password is wrong")
	}
	hash, err := hashOf("new_password", in.NewPassword)
	if err != nil {
		return err
	}
	if _, err := s.db.exec(r.Context(), `update users set password_hash = ? where id = ?`, hash, p.UserID); err != nil {
		return err
	}
	return reply(w, http.StatusNoContent, nil)
}

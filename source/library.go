package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

// libraryGuards are functions and classes of well-known packages that refuse a
// request without a credential, by the end of their path.
var libraryGuards = []string{
	"passport.authenticate", "passport.default.authenticate", "express-jwt", "express-jwt.expressjwt", "express-jwt.jwt", "koa-jwt", "express-oauth2-jwt-bearer.auth", "express-basic-auth",
	"connect-ensure-login.ensureLoggedIn", "@clerk/express.requireAuth", "@clerk/clerk-sdk-node.ClerkExpressRequireAuth", "express-openid-connect.requiresAuth",
	"hono/bearer-auth.bearerAuth", "hono/basic-auth.basicAuth", "hono/jwt.jwt", "hono/jwk.jwk", "hono/combine.every",
	"@nestjs/passport.AuthGuard", "nest-keycloak-connect.AuthGuard",
	"flask_login.login_required", "flask_jwt_extended.jwt_required", "flask_httpauth.HTTPBasicAuth().login_required", "flask_httpauth.HTTPTokenAuth().login_required", "flask_security.auth_required",
	"django.contrib.auth.decorators.login_required", "django.contrib.auth.decorators.permission_required", "django.contrib.admin.views.decorators.staff_member_required",
	"django.contrib.auth.mixins.LoginRequiredMixin", "django.contrib.auth.mixins.PermissionRequiredMixin",
	"rest_framework.permissions.IsAuthenticated", "rest_framework.permissions.IsAdminUser", "rest_framework.permissions.DjangoModelPermissions", "rest_framework.permissions.DjangoObjectPermissions",
	"fastapi.security.OAuth2PasswordBearer", "fastapi.security.HTTPBearer", "fastapi.security.HTTPBasic", "fastapi.security.APIKeyHeader", "fastapi.security.APIKeyCookie", "fastapi.security.APIKeyQuery",
	"fastapi.security.OAuth2AuthorizationCodeBearer", "fastapi.security.OpenIdConnect",
	"github.com/go-chi/jwtauth.Authenticator", "github.com/go-chi/chi/middleware.BasicAuth", "github.com/labstack/echo-jwt.JWT", "github.com/labstack/echo-jwt.WithConfig",
	"github.com/labstack/echo/middleware.JWT", "github.com/labstack/echo/middleware.JWTWithConfig", "github.com/labstack/echo/middleware.KeyAuth", "github.com/labstack/echo/middleware.BasicAuth",
	"github.com/labstack/echo/middleware.KeyAuthWithConfig", "github.com/labstack/echo/middleware.BasicAuthWithConfig",
	"github.com/gin-gonic/gin.BasicAuth", "github.com/gofiber/contrib/jwt.New", "github.com/gofiber/fiber/middleware/basicauth.New", "github.com/gofiber/fiber/middleware/keyauth.New",
}

// openGuards have auth in their name and let everybody pass.
var openGuards = expr.Lazy(`(passport(\.default)?\.(initialize|session)|IsAuthenticatedOrReadOnly|AllowAny|clerkMiddleware|ClerkExpressWithAuth|withAuth\b|DjangoModelPermissionsOrAnonReadOnly|AnonReadOnly|cookie-session|express-session|SessionMiddleware|AuthenticationMiddleware|jwtauth\.Verifier|csrf|attachUser|ThrottlerGuard|Throttle|OAuth2PasswordRequestForm|HTTPAuthorizationCredentials|SecurityScopes|cors|helmet|rate-?limit)`)

// libraryGuard judges what another package gives.
func libraryGuard(path string, call *made) verdict {
	bare := strings.ReplaceAll(path, "()", "")
	for _, g := range libraryGuards {
		if path != g && bare != g && strings.TrimSuffix(path, "()") != g && !strings.HasPrefix(path, g+"()") {
			continue
		}
		if call != nil {
			if why := softened(*call); why != "" {
				return verdict{state: mayBe, why: why}
			}
		}
		return verdict{state: isGuard, assumed: true}
	}
	if openGuards().MatchString(path) {
		if strings.Contains(path, "OrReadOnly") || strings.Contains(path, "AnonReadOnly") {
			return verdict{state: mayBe, why: lastOf(path) + " lets anyone read"}
		}
		return verdict{}
	}
	if authName().MatchString(lastOf(path)) && !notGuard().MatchString(path) && !typeLike(path) {
		return verdict{state: mayBe, why: lastOf(path) + " comes from a package that is not known"}
	}
	return verdict{}
}

// typeLike are paths of packages that hold data and transport and no guards.
func typeLike(path string) bool {
	return slices.ContainsFunc([]string{"sqlalchemy", "pydantic", "typing", "zod.", "datetime", "uuid", "logging", "starlette.requests", "fastapi.Request", "fastapi.Header", "fastapi.Cookie", "fastapi.Query", "class-validator", "class-transformer", "@nestjs/swagger", "fmt.", "strings.", "errors.", "net/http.", "gorm.io", "crypto", "bcrypt", "jsonwebtoken.sign", "openai", "prisma"}, func(p string) bool {
		return strings.HasPrefix(path, p)
	})
}

// softened tells options with which a guard of a library lets everybody pass.
func softened(c made) string {
	for key, v := range map[string]string{"auto_error": "false", "optional": "true"} {
		if a := c.node.Named(key); a != nil && !(a.Is(code.Constant) && a.Text != v) {
			return lastOf(c.path) + " is optional by " + key
		}
	}
	for _, a := range c.node.List {
		if a.Is(code.Object) {
			if o := a.Named("credentialsRequired"); o != nil && !(o.Is(code.Constant) && o.Text == "true") {
				return lastOf(c.path) + " does not require a credential"
			}
			for _, key := range [...]string{"Skipper", "skip", "Next", "Filter", "passthrough", "ContinueOnIgnoredError"} {
				if a.Named(key) != nil {
					return lastOf(c.path) + " leaves requests out by " + key
				}
			}
		}
		if a.Is(code.Array) && len(a.List) > 1 {
			for _, s := range a.List {
				if s.Is(code.String) && s.Text == "anonymous" {
					return lastOf(c.path) + " lets anonymous users pass"
				}
			}
		}
		if a.Is(code.String) && a.Text == "anonymous" {
			return lastOf(c.path) + " lets anonymous users pass"
		}
	}
	return ""
}

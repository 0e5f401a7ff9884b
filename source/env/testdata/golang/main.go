package main

import (
	"os"

	"github.com/spf13/viper"
)

const mailKey = "MAIL_FROM"

type config struct {
	Port int    `env:"SERVICE_PORT" envDefault:"8080"`     // want: SERVICE_PORT default
	Key  string `env:"OPENAI_API_KEY,required"`            // want: OPENAI_API_KEY required
	Log  string `envconfig:"LOG_LEVEL" default:"info"`     // want: LOG_LEVEL default
	Host string `envconfig:"SERVICE_HOST" required:"true"` // want: SERVICE_HOST required
	Soft string `env:"SOFT_ONE"`                           // want: SOFT_ONE soft
	JSON string `json:"NOT_ENV"`
}

func must(name string) string {
	v := os.Getenv(name)
	if v == "" {
		panic(name + " is not set")
	}
	return v
}

func main() {
	_ = os.Getenv("DATABASE_URL")                // want: DATABASE_URL required
	_ = os.Getenv(mailKey)                       // want: MAIL_FROM required
	if v, ok := os.LookupEnv("SENTRY_DSN"); ok { // want: SENTRY_DSN soft
		_ = v
	}
	_ = must("STRIPE_KEY")                      // want: STRIPE_KEY required
	_ = os.Getenv("FEATURE_" + os.Args[0])      // want: FEATURE_ dynamic
	_ = viper.BindEnv("cache.url", "CACHE_URL") // want: CACHE_URL soft
	if os.Getenv("DEBUG_SQL") == "1" {          // want: DEBUG_SQL soft
		println("os.Getenv(\"QUOTED\")")
	}
	// os.Getenv("COMMENTED")
}

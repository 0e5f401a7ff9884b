package secretscan_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
)

func ExampleScanner_Scan() {
	scanner, err := secretscan.New(secretscan.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := scanner.Scan(context.Background(), "server.log", strings.NewReader("connect postgres://app:Hq7vR2kLpw@db-3.internal/app\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range result.Secrets() {
		fmt.Println(f.Rule, f.Place, f.Masked)
	}
	fmt.Println(len(result.Coverage.Partial()), "reasons why this is not all")
	// Output:
	// url-password server.log:1:24 [under 12 characters]
	// 0 reasons why this is not all
}

func ExampleScanner_Proof() {
	scanner, err := secretscan.New(secretscan.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	proof, err := scanner.Proof([]secretscan.Known{{Name: "SIGNING_SECRET", Value: lr.NewSecret("Hq7vR2kLpw91xD")}, {Name: "REGION", Value: lr.NewSecret("eu-west-1")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	leaks, _, err := proof.Search(context.Background(), "dist/app.js", strings.NewReader(`f("SHE3dlIya0xwdzkxeEQ=")`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range leaks {
		fmt.Println(l.Name, l.Form, l.Place)
	}
	fmt.Println("not looked for:", proof.Unfit())
	// Output:
	// SIGNING_SECRET base64 dist/app.js:1:4
	// not looked for: [REGION]
}

func ExampleFilter_Copy() {
	scanner, err := secretscan.New(secretscan.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	filter := secretscan.Filter{Scanner: scanner}
	log := strings.NewReader("GET /me Authorization=\"Bearer Hq7vR2kLpw91xDtZ8mQ4\" by jane@acme.test\n")
	if _, err := filter.Copy(context.Background(), os.Stdout, log); err != nil {
		fmt.Println(err)
	}
	// Output:
	// GET /me Authorization="Bearer [secret]" by [email]
}

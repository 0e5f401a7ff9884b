package database_test

import (
	"fmt"

	"github.com/launchready/launchready/database"
)

// A policy of USING (true) is one in name only, whatever stands beside it.
func ExampleAlwaysTrue() {
	fmt.Println(database.AlwaysTrue("(true OR (tenant_id = current_setting('app.tenant'::text)))"))
	fmt.Println(database.AlwaysTrue("(tenant_id = current_setting('app.tenant'::text))"))
	// Output:
	// true
	// false
}

// The setting is told by the statement that the application uses.
func ExampleTenancy_Setting() {
	fmt.Println(database.Tenancy{Set: "SELECT set_config('app.tenant_id', $1, true)"}.Setting())
	// Output: app.tenant_id
}

package secretscan

import lr "github.com/launchready/launchready"

func secretOf(v string) lr.Secret { return lr.NewSecret(v) }

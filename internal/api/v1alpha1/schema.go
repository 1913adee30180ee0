package v1alpha1

import _ "embed" // for SchemaJSON

// SchemaJSON is the JSON schema of a policy, for editors. It is the policy's part of the schema of the chart's values.
//
//go:embed policy.schema.json
var SchemaJSON string

// Modeline is the comment by which editors find SchemaJSON, in a file beside the policy.
const Modeline = `# yaml-language-server: $schema=policy.schema.json
# Your editor knows the fields with that file: kubectl polymoat policy schema > policy.schema.json
`

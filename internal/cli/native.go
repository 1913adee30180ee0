package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/native"
)

// twinFlags are the flags of native.
type twinFlags struct {
	*input.Connection
	policy, against, static, output string
	inUse                           bool
	keepers                         native.Keepers
}

func newNative(c *console) *cobra.Command {
	t := &twinFlags{output: "yaml", keepers: native.Keepers{CertificateUsers: native.CertificateUsers}}
	cmd := &cobra.Command{
		Use:   "native",
		Short: "Write a policy as the API server's own admission policies",
		Long: `Write a policy as MutatingAdmissionPolicies and ValidatingAdmissionPolicies: the
twin of polymoat, which the API server evaluates itself, with no webhook. It needs
Kubernetes 1.36.

The twin is never looser in what keeps core safe, but for what cannot be seen
without looking up other objects. What is stricter or not there stands at the top
of the YAML, and -o text and -o markdown print that alone.

With --static the policies are written for an API server that loads them from its
own disk (Kubernetes 1.37): FOLDER/mutating and FOLDER/validating, one for the
staticManifestsDir of each of the two admission plugins. With them comes a guard:
only the keepers may change or remove what is called polymoat or begins with
"polymoat-" among webhook configurations and admission policies.

With --against nothing is written but what changes from the twin of that policy,
by the names of variables and validations. The exit code is 1 where anything does.`,
		Example: `  # Install the twin of a policy
  kubectl polymoat native --policy policy.yaml | kubectl apply -f -

  # Install the twin of the policy that polymoat runs with
  kubectl polymoat native --in-force | kubectl apply -f -

  # What would a new policy change in it?
  kubectl polymoat native --policy new.yaml --against old.yaml

  # What does it do otherwise than the webhook?
  kubectl polymoat native -o text`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&t.policy, "policy", "", "policy `file` or folder (default: the built-in policy)")
	flags.BoolVar(&t.inUse, "in-force", false, "take the policy from the cluster: that of the ConfigMap which polymoat's Deployment mounts")
	flags.StringVar(&t.against, "against", "", "say what changes from the twin of this policy `file` or folder")
	flags.StringVar(&t.static, "static", "", "write manifests for the API server's disk into this `folder`")
	flags.StringSliceVar(&t.keepers.Users, "keeper", nil, "with --static: `users` that may change polymoat, no others, administrators included")
	flags.StringSliceVar(&t.keepers.Groups, "keeper-group", nil, "with --static: the same for `groups`")
	flags.StringSliceVar(&t.keepers.CertificateUsers, "certificate-user", t.keepers.CertificateUsers, "with --static: `users` that renew certificates: they may change caBundle")
	flags.StringVarP(&t.output, "output", "o", t.output, "`format`: yaml, json (a line for each), or text or markdown for what is different")
	t.Connection = input.NewConnection(flags, nil)
	complete(cmd, "output", "yaml", "json", "text", "markdown")
	cmd.RunE = func(*cobra.Command, []string) error {
		if t.static == "" && (flags.Changed("keeper") || flags.Changed("keeper-group") || flags.Changed("certificate-user")) {
			return errors.New("--keeper, --keeper-group and --certificate-user are about the guard of static policies; add --static FOLDER")
		}
		if t.inUse && t.policy != "" {
			return errors.New("--policy and --in-force name two policies; keep one of them")
		}
		return t.run(cmd.Context(), c)
	}
	return cmd
}

func (t *twinFlags) run(ctx context.Context, c *console) error {
	switch t.output {
	case "text", "markdown":
		return list(c, t.output, native.Differences, differencesTable())
	case "yaml", "json":
	default:
		return fmt.Errorf("unknown output format %q; use yaml, json, text or markdown", t.output)
	}
	files, err := t.files(ctx, c)
	if err != nil {
		c.Fail(err)
		return nil
	}
	twin, ok := twinOf(c, files)
	if !ok {
		return nil
	}
	if t.against != "" {
		printTwinChanges(c, t.against, twin)
		return nil
	}
	if t.static != "" {
		return writeStatic(twin.And(native.Guard(t.keepers)).Static(), t.static)
	}
	all := append(twin.MutatingObjects(), twin.ValidatingObjects()...)
	if t.output == "json" {
		return list(c, t.output, all)
	}
	text, err := yamlStream(all)
	if err != nil {
		return err
	}
	c.Print(differencesComment() + text)
	return nil
}

// printTwinChanges says what is not as in the twin of another policy.
func printTwinChanges(c *console, path string, twin native.Twin) {
	before, ok := twinOf(c, c.PolicyFiles(path))
	if !ok {
		return
	}
	list := native.Changes(before, twin)
	for _, change := range list {
		c.Exit(exitDiffer)
		c.Print(changeText(change) + "\n")
	}
	if len(list) == 0 {
		c.Print("Nothing differs in the native twin.\n")
	}
}

// changeText is a change in one line: "polymoat-polyaxon: changed: pools".
func changeText(change native.Change) string {
	text := change.Name + ": " + change.Is
	if len(change.Parts) > 0 {
		text += ": " + strings.Join(change.Parts, ", ")
	}
	return text
}

// twinOf is the twin of the policies; false where they are wrong, and that was said.
func twinOf(c *console, files []v1alpha1.File) (native.Twin, bool) {
	if c.Compile(files) == nil {
		return native.Twin{}, false
	}
	docs := input.Documents(files)
	errs := native.Check(docs...)
	for _, err := range errs {
		c.Fail(err)
	}
	if len(errs) > 0 {
		return native.Twin{}, false
	}
	return native.Compile(docs...), true
}

func (t *twinFlags) files(ctx context.Context, c *console) ([]v1alpha1.File, error) {
	if t.inUse {
		return t.InForce(ctx, c.Reader, "policy", "")
	}
	return c.PolicyFiles(t.policy), nil
}

// writeStatic writes one folder for each admission plugin.
func writeStatic(t native.Twin, folder string) error {
	for name, objects := range map[string][]metav1.Object{"mutating": t.MutatingObjects(), "validating": t.ValidatingObjects()} {
		text, err := yamlStream(objects)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			return err
		}
		if err := replaceFile(filepath.Join(folder, name, "polymoat.yaml"), text); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile puts a whole file in the place of an earlier one: an API server that looks at half of it, or at nothing yet,
// would take that for the policies.
func replaceFile(path, text string) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".polymoat-*.tmp")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone if it was renamed
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// yamlStream is the objects as YAML, without their empty status.
func yamlStream(objects []metav1.Object) (string, error) {
	documents := make([]string, len(objects))
	for i, o := range objects {
		b, err := json.Marshal(o)
		if err != nil {
			return "", err
		}
		var plain map[string]any
		if err := json.Unmarshal(b, &plain); err != nil {
			return "", err
		}
		delete(plain, "status")
		if b, err = yaml.Marshal(plain); err != nil {
			return "", err
		}
		documents[i] = string(b)
	}
	return strings.Join(documents, "---\n"), nil
}

func differencesTable() print.Table {
	t := print.Table{Columns: []print.Column{{Title: "rule"}, {Title: "is"}, {Title: "why"}}}
	for _, d := range native.Differences {
		t.Rows = append(t.Rows, []string{code(d.Rule), string(d.Is), d.Why})
	}
	return t
}

// differencesComment is the list at the top of the YAML.
func differencesComment() string {
	var text strings.Builder
	text.WriteString("# The twin of a policy of polymoat. What it does otherwise than the webhook:\n")
	for _, d := range native.Differences {
		if d.Is != native.Same {
			fmt.Fprintf(&text, "# - %s, %s: %s\n", d.Rule, d.Is, d.Why)
		}
	}
	return text.String()
}

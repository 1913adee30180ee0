package cli

import (
	"cmp"
	"io"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

func newRoles(c *console) *cobra.Command {
	var path, output string
	var cluster *input.Connection
	cmd := &cobra.Command{
		Use:   "roles [ROLE ...]",
		Short: "List the roles of a policy: where they run, and as which user",
		Long: `List the roles of a policy as they are in force: where their pods run, to which
Pod Security Standard they are held, as which user they run, and what they may ask for.

A known role without an entry in the policy takes the placement of a related
one: the entry that stands in for it is named. Identity is the uid, gid and
fsGroup that a pod is given where it sets none; "kept" leaves them as they are.
Some images are made for an identity of their own, which a pod is given then.

` + input.AboutPolicy + `

By which marks a role is told is in -o markdown and -o json only.`,
		Example: `  # List the roles of the built-in policy
  kubectl polymoat roles

  # Where do tensorboards run, under a policy of one's own?
  kubectl polymoat roles tensorboards --policy policy.yaml`,
		ValidArgsFunction: completeWords(roleNames),
	}
	cluster = addGoverningTo(cmd, &path)
	addFormatTo(cmd, &output)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		records := rolesOf(c.Reader, cluster.Governing(c.Reader, path))
		if records == nil {
			return nil
		}
		listed, err := only("role", args, records, roleName)
		if err != nil {
			return err
		}
		return listByPolicy(c, output, listed, func(of []role) []print.Table { return []print.Table{roleTable(of), allowTable(of), imageTable(of)} })
	}
	return cmd
}

// addPolicyTo adds the flag that names a policy of one's own.
func addPolicyTo(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "policy", "", "policy `file`, or folder of policies (default: the built-in)")
	completeManifests(cmd.Flags(), "policy")
}

// addGoverningTo adds the flag that names a policy, and those of the cluster that tells it otherwise.
func addGoverningTo(cmd *cobra.Command, path *string) *input.Connection {
	cmd.Flags().StringVar(path, "policy", "", input.PolicyUsage)
	completeManifests(cmd.Flags(), "policy")
	return input.NewConnection(cmd.Flags(), nil)
}

// roleNames are the names of the roles of the policy that is named so far, else of the built-in one; none where it is wrong.
func roleNames(cmd *cobra.Command) []string {
	path, err := cmd.Flags().GetString("policy")
	if err != nil {
		return nil
	}
	var names []string
	c := newConsole(nil, io.Discard, io.Discard)
	for _, r := range rolesOf(c.Reader, c.PolicyFiles(path)) {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// role is one role of a policy in the output. Its fields are a promise to programs: they are only ever added to.
type role struct {
	Policy string `json:"policy"`
	Name   string `json:"name"`
	Doc    string `json:"doc"`
	Marks  string `json:"marks"` // by which its pods are told
	// Fallback is the role whose placement it takes where the policy has no entry for it; absent where there is none.
	Fallback string `json:"fallback,omitempty"`
	// Entry is the role whose entry of this policy is in force; absent where there is none.
	Entry     string   `json:"entry,omitempty"`
	NodePools []string `json:"nodePools"`
	// Resources are those that its node pools are for, by the name of the pool.
	Resources   map[string][]string  `json:"resources,omitempty"`
	PodSecurity v1alpha1.PodSecurity `json:"podSecurity"`
	Identity    v1alpha1.Identity    `json:"identity"`
	RunAsUser   *int64               `json:"runAsUser,omitempty"`
	RunAsGroup  *int64               `json:"runAsGroup,omitempty"`
	FSGroup     *int64               `json:"fsGroup,omitempty"`
	OnConflict  v1alpha1.OnConflict  `json:"onConflict"`
	RootImages  []string             `json:"rootImages,omitempty"`
	HostPaths   []v1alpha1.HostPath  `json:"hostPaths,omitempty"`
	// The allow-lists: one that is absent leaves the field free, an empty one refuses every value.
	SchedulerNames     []string            `json:"schedulerNames,omitzero"`
	RuntimeClassNames  []string            `json:"runtimeClassNames,omitzero"`
	PriorityClassNames []string            `json:"priorityClassNames,omitzero"`
	Overrides          *v1alpha1.Overrides `json:"overrides,omitempty"`
	// Images are the identities by image that come before RunAsUser, RunAsGroup and FSGroup; the first that fits counts.
	Images []v1alpha1.ImageIdentity `json:"images,omitempty"`

	marks string // Marks as Markdown
}

func roleName(r role) string { return r.Name }

// rolesOf are the roles of policies. It returns nil, and has reported why, where the policies contradict each other.
func rolesOf(r input.Reader, files []v1alpha1.File) []role {
	if r.Compile(files) == nil {
		return nil
	}
	var all []role
	for _, f := range files {
		for _, r := range f.Policy.Spec.Effective() {
			all = append(all, newRole(f.Policy, r))
		}
	}
	return all
}

func newRole(p *v1alpha1.PlacementPolicy, r v1alpha1.Role) role {
	doc, marks := described(r)
	record := role{
		Policy: p.Metadata.Name, Name: r.Name, Doc: doc, Marks: plainText(marks), marks: marks,
		Fallback: v1alpha1.Fallback(r.Name), Entry: p.Spec.EntryOf(r.Name),
		NodePools: append([]string{}, r.NodePools...), PodSecurity: r.PodSecurity, Identity: r.Identity, OnConflict: r.OnConflict,
		RootImages: r.RootImages, HostPaths: r.HostPaths, Overrides: r.Overrides,
		SchedulerNames: r.SchedulerNames, RuntimeClassNames: r.RuntimeClassNames, PriorityClassNames: r.PriorityClassNames,
	}
	for _, pool := range p.Spec.NodePools {
		if len(pool.Resources) > 0 && slices.Contains(r.NodePools, pool.Name) {
			if record.Resources == nil {
				record.Resources = map[string][]string{}
			}
			record.Resources[pool.Name] = pool.Resources
		}
	}
	own, inherited := cmp.Or(r.PodSecurityContext, &corev1.PodSecurityContext{}), &corev1.PodSecurityContext{}
	if r.Identity == v1alpha1.Inject {
		inherited = p.Spec.Defaults.PodSecurityContext
	}
	record.RunAsUser = cmp.Or(own.RunAsUser, inherited.RunAsUser)
	record.RunAsGroup = cmp.Or(own.RunAsGroup, inherited.RunAsGroup)
	record.FSGroup = cmp.Or(own.FSGroup, inherited.FSGroup)
	if r.Identity == v1alpha1.Inject {
		record.Images = imagesOf(p, r)
	}
	return record
}

// described are what the pods of a role are and by which marks they are told.
func described(r v1alpha1.Role) (doc, marks string) {
	doc, marks = "a role of the policy's own", ""
	for _, known := range polyaxon.Roles {
		if known.Name == r.Name {
			doc, marks = known.Doc, known.Marks
		}
	}
	switch {
	case r.Match == nil:
		return doc, marks
	case marks == "" || r.Match.Mode == v1alpha1.ReplaceSignal:
		return doc, "its `match`"
	default:
		return doc, marks + "; its `match`"
	}
}

// imagesOf are the identities by image that count for a role: the policy's own, and those that polymoat knows unless the
// role names a user itself.
func imagesOf(p *v1alpha1.PlacementPolicy, r v1alpha1.Role) []v1alpha1.ImageIdentity {
	pod, container := cmp.Or(r.PodSecurityContext, &corev1.PodSecurityContext{}), cmp.Or(r.ContainerSecurityContext, &corev1.SecurityContext{})
	if pod.RunAsUser != nil || container.RunAsUser != nil {
		return p.Spec.Images
	}
	return slices.Concat(p.Spec.Images, polyaxon.Images)
}

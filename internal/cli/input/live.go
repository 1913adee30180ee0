package input

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/template"
)

// Live are the flags and arguments that name objects of a cluster, as those of kubectl get do.
type Live struct {
	*Connection
	Names    []string // "pod/train", or "pods" and "train"
	selector string
	all      bool // namespaces
}

// pageSize is how many objects one request asks for.
const pageSize = 500

// AboutLive is the part of the help that commands share which look at a cluster.
const AboutLive = `Objects of a cluster are named as for kubectl get: pod/NAME, deploy NAME, pods -l
app=x. A live pod is judged as if it were created again: without its status, and
without its node, unless it named that itself. Who creates it is told by its
controller. kubectl's --as and --as-group are not known here: you look at the
cluster as yourself.`

// AddTo adds the flags. namespace is the value of the command's own flag of that name.
func (l *Live) AddTo(flags *pflag.FlagSet, namespace *string) {
	l.Connection = NewConnection(flags, namespace)
	flags.StringVarP(&l.selector, "selector", "l", "", "`selector` of labels of live objects")
	flags.BoolVarP(&l.all, "all-namespaces", "A", false, "look for live objects in all namespaces")
}

// Validate finds what is wrong with the flags together. files says whether there are files to read, too.
func (l *Live) Validate(files bool, namespace string) error {
	for _, name := range l.Names {
		if slices.Contains(Extensions, filepath.Ext(name)) {
			return fmt.Errorf("%q stands alone; name files and folders with -f", name)
		}
	}
	switch {
	case files && len(l.Names) > 0:
		return fmt.Errorf("%q is an object of a cluster, and -f reads files; name one or the other", l.Names[0])
	case len(l.Names) > 0 && l.all && namespace != "":
		return errors.New("--namespace and --all-namespaces contradict each other; leave one of them out")
	case len(l.Names) > 0:
		return nil
	case l.selector != "":
		return errors.New("--selector chooses live objects; name their kind, such as pods")
	case l.all:
		return errors.New("--all-namespaces looks for live objects; name their kind, such as pods")
	}
	return nil
}

// Objects reads what was named from the cluster. What cannot be read is reported and left out.
func (l *Live) Objects(r Reader) iter.Seq[manifest.Object] {
	return func(yield func(manifest.Object) bool) {
		_, stop := r.Reading(strings.Join(l.Names, " "))
		infos, err := l.infos()
		stop()
		r.failEach(err, l.Remedy)
		for _, info := range infos {
			if !yield(liveObject(info)) {
				return
			}
		}
	}
}

func (l *Live) infos() ([]*resource.Info, error) {
	if _, err := l.Open(); err != nil {
		return nil, err
	}
	namespace, err := l.Namespace()
	if err != nil {
		return nil, err
	}
	return resource.NewBuilder(l.config).Unstructured().ContinueOnError().
		NamespaceParam(namespace).DefaultNamespace().AllNamespaces(l.all).
		LabelSelectorParam(l.selector).RequestChunksOf(pageSize).
		ResourceTypeOrNameArgs(true, l.Names...).Flatten().
		Do().Infos()
}

// liveObject is an object of a cluster under the name that kubectl gives it: "pod/train", "deployment.apps/web".
func liveObject(info *resource.Info) manifest.Object {
	kind := info.Mapping.GroupVersionKind
	name := manifest.ObjectName(kind.Group, kind.Kind, info.Name)
	raw := info.Object.(*unstructured.Unstructured).Object
	if kind.Group == "" && kind.Kind == "Pod" {
		raw = fresh(raw)
	}
	return manifest.FromCluster(name, raw)
}

// Remedy also tells where an object was looked for.
func (l *Live) Remedy(err error) error {
	namespace, nsErr := l.Namespace()
	if apierrors.IsNotFound(err) && nsErr == nil {
		return fmt.Errorf("%w in namespace %q; choose another with -n", err, namespace)
	}
	return l.Connection.Remedy(err)
}

// Where says in messages where it was looked: `pods with "app=x" in namespace "polyaxon"`.
func (l *Live) Where() string {
	text := strings.Join(l.Names, " ")
	if l.selector != "" {
		text += fmt.Sprintf(" with %q", l.selector)
	}
	if l.all {
		return text + " in all namespaces"
	}
	namespace, err := l.Namespace()
	if err != nil {
		return text
	}
	return fmt.Sprintf("%s in namespace %q; choose another with -n, or all with -A", text, namespace)
}

// failEach reports every error of several, with its remedy.
func (r Reader) failEach(err error, remedy func(error) error) {
	if err == nil {
		return
	}
	var several utilerrors.Aggregate
	if !errors.As(err, &several) {
		r.Fail(remedy(err))
		return
	}
	for _, one := range utilerrors.Flatten(several).Errors() {
		r.Fail(remedy(one))
	}
}

// A live pod is judged as if it were created anew. What the cluster wrote into it after its creation is left out then:
// what it reports, the node that the scheduler chose, and containers for debugging, which come by an update. What
// admission filled in stays, because a new pod gets it before polymoat sees it: tolerations of nodes that are not ready,
// the volume of the service account's token, a priority. And so does what polymoat itself filled in: a pod that is
// placed well is left as it is.

// serverMetadata are the fields of metadata that no creator writes.
var serverMetadata = []string{
	"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
	"managedFields", "selfLink",
}

// fresh is a live pod as it was created, as JSON values. It shares memory with the pod, which it leaves alone.
func fresh(pod map[string]any) map[string]any {
	pod = maps.Clone(pod)
	delete(pod, "status")
	fields := (&unstructured.Unstructured{Object: pod}).GetManagedFields()
	if metadata, ok := pod["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		for _, field := range serverMetadata {
			delete(metadata, field)
		}
		pod["metadata"] = metadata
	}
	if spec, ok := pod["spec"].(map[string]any); ok {
		spec = maps.Clone(spec)
		delete(spec, "ephemeralContainers")
		if !template.NamedItsNode(fields) {
			delete(spec, "nodeName")
		}
		pod["spec"] = spec
	}
	return pod
}

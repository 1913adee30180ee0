package input

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// Connection is the way to a cluster, which kubectl's own flags choose. --as, --as-group and --as-uid are left out of
// them: here they say who creates a pod, and whoever runs the plugin looks at the cluster as themselves.
type Connection struct {
	config *genericclioptions.ConfigFlags
	flags  *pflag.FlagSet // those of config
}

// shownFlags are the flags of a connection that a command's help shows; `kubectl options` shows the others.
var shownFlags = []string{"kubeconfig", "context"}

// NewConnection adds the flags of a connection. namespace is the value of the command's own flag of that name.
func NewConnection(flags *pflag.FlagSet, namespace *string) *Connection {
	config := genericclioptions.NewConfigFlags(true)
	config.Impersonate, config.ImpersonateUID, config.ImpersonateGroup, config.ImpersonateUserExtra = nil, nil, nil, nil
	config.Namespace = nil
	own := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	config.AddFlags(own)
	own.VisitAll(func(f *pflag.Flag) { f.Hidden = !slices.Contains(shownFlags, f.Name) })
	own.Lookup("kubeconfig").Usage = "`file` that says how to reach the cluster (default: as kubectl)"
	own.Lookup("context").Usage = "`name` of the context in it; kubectl's other flags of that sort are known, too"
	flags.AddFlagSet(own)
	config.Namespace = namespace
	config.WithWrapConfigFn(func(c *rest.Config) *rest.Config {
		c.WarningHandler = rest.NoWarnings{} // of deprecated versions: nothing is written
		c.QPS = -1                           // the API server keeps its own order
		return c
	})
	return &Connection{config: config, flags: own}
}

// ErrNoCluster says that nothing names a cluster.
var ErrNoCluster = errors.New("no cluster is configured; name a kubeconfig with --kubeconfig or $KUBECONFIG")

// used is a flag of the connection that was set; nil where none was.
func (n *Connection) used() *pflag.Flag {
	var used *pflag.Flag
	n.flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed && used == nil {
			used = f
		}
	})
	return used
}

// Open finds out how to reach the cluster, without asking it anything.
func (n *Connection) Open() (*rest.Config, error) {
	// Discovery logs each error that it also returns.
	klog.SetLogger(logr.Discard())
	config, err := n.config.ToRESTConfig()
	if err == nil && config.Host == clientcmd.ClusterDefaults.Server && *n.config.APIServer == "" {
		raw, rawErr := n.config.ToRawKubeConfigLoader().RawConfig()
		if rawErr == nil && len(raw.Clusters) == 0 {
			err = genericclioptions.ErrEmptyConfig
		}
	}
	if clientcmd.IsEmptyConfig(err) {
		return nil, ErrNoCluster
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w; choose another with --kubeconfig and --context", err)
	}
	return config, nil
}

// Namespace is the one that is meant: that of the flag, else that of the context.
func (n *Connection) Namespace() (string, error) {
	namespace, _, err := n.config.ToRawKubeConfigLoader().Namespace()
	return namespace, err
}

// Client reaches one API group with typed objects.
func (n *Connection) Client(gv schema.GroupVersion) (*rest.RESTClient, error) {
	config, err := n.Open()
	if err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.GroupVersion, config.APIPath = &gv, "/apis"
	if gv.Group == "" {
		config.APIPath = "/api"
	}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	// Pods are several times smaller and faster to read in protobuf.
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = config.ContentType + ",application/json"
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w; choose another with --kubeconfig and --context", err)
	}
	return client, nil
}

// Remedy says of an answer of the cluster, or of its silence, what to do about it.
func (n *Connection) Remedy(err error) error {
	var unreachable *url.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unreachable):
		return fmt.Errorf("the cluster at %s does not answer: %w; choose another with --kubeconfig and --context", n.Host(), unreachable.Err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the cluster at %s does not know you; log in again, or choose another user with --context", n.Host())
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w; ask an administrator of the cluster for that right", err)
	case meta.IsNoMatchError(err), strings.HasPrefix(err.Error(), "the server doesn't have a resource type"):
		return fmt.Errorf("%w; list those that it has with kubectl api-resources", err)
	}
	return err
}

// Host is the cluster's address, for messages.
func (n *Connection) Host() string {
	config, err := n.config.ToRESTConfig()
	if err != nil {
		return "an unknown address"
	}
	return config.Host
}

package cluster

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// The users that people are. What Tenant may do stands in base.yaml: everything, in the namespace polyaxon.
const (
	Admin  = "admin"
	Tenant = "tenant"
)

// The users that programs are. The API server knows the rights of those named system:.
const (
	controllerManager = "system:kube-controller-manager"
	scheduler         = "system:kube-scheduler"
	kwok              = "kwok"
	polymoat          = "system:serviceaccount:polymoat-system:polymoat" // its rights are those of the manifests
)

// groups of each user: administrators may do everything.
var groups = map[string]string{
	Admin: "system:masters", kwok: "system:masters", Tenant: "", controllerManager: "", scheduler: "", polymoat: "",
}

// writeUsers makes a token for every user, the file from which the API server knows them, and their kubeconfigs.
func (c *Cluster) writeUsers() error {
	var lines strings.Builder
	for user, group := range groups {
		c.tokens[user] = rand.Text()
		fmt.Fprintf(&lines, "%s,%s,%s,%q\n", c.tokens[user], user, user, group)
	}
	if err := os.WriteFile(c.file("tokens.csv"), []byte(lines.String()), 0o600); err != nil {
		return err
	}
	for user := range groups {
		if err := c.WriteKubeconfig(c.kubeconfig(user), user); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) kubeconfig(user string) string {
	return c.file(strings.ReplaceAll(user, ":", "-") + ".kubeconfig")
}

// Kubeconfig is the file with which kubectl reaches the cluster as Admin or Tenant.
func (c *Cluster) Kubeconfig(user string) string { return c.kubeconfig(user) }

// WriteKubeconfig writes a kubeconfig with a context for each user, named after it. The first one is the current one.
func (c *Cluster) WriteKubeconfig(path string, users ...string) error {
	ca, err := os.ReadFile(c.file("ca.crt"))
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.CurrentContext = users[0]
	config.Clusters["polymoat"] = &clientcmdapi.Cluster{Server: c.host, CertificateAuthorityData: ca}
	for _, user := range users {
		config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: c.tokens[user]}
		config.Contexts[user] = &clientcmdapi.Context{Cluster: "polymoat", AuthInfo: user, Namespace: Namespace}
	}
	return clientcmd.WriteToFile(*config, path)
}

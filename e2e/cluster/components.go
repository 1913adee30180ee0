package cluster

import (
	"context"
	"fmt"

	"k8s.io/client-go/kubernetes"
)

// openGates sets the feature gates of every component, and has the APIs served that they bring.
func (c *Cluster) openGates(gates string) {
	if gates == "" {
		return
	}
	c.gates = []string{"--feature-gates", gates}
	c.flags = append(c.flags, "--feature-gates", gates, "--runtime-config", "api/all=true")
}

// startEtcd starts etcd. What it stores need not survive the machine.
func (c *Cluster) startEtcd(client, peer int) error {
	clientURL, peerURL := fmt.Sprintf("http://127.0.0.1:%d", client), fmt.Sprintf("http://127.0.0.1:%d", peer)
	return c.run(c.binaries.Path("etcd"),
		"--data-dir", c.file("etcd"),
		"--listen-client-urls", clientURL, "--advertise-client-urls", clientURL,
		"--listen-peer-urls", peerURL, "--initial-advertise-peer-urls", peerURL,
		"--initial-cluster", "default="+peerURL,
		"--unsafe-no-fsync", "--log-level", "warn")
}

// startAPIServer starts kube-apiserver, which waits for etcd by itself.
func (c *Cluster) startAPIServer(etcd, port int) error {
	args := []string{
		"--etcd-servers", fmt.Sprintf("http://127.0.0.1:%d", etcd),
		"--bind-address", "127.0.0.1", "--secure-port", fmt.Sprint(port),
		"--tls-cert-file", c.file("apiserver.crt"), "--tls-private-key-file", c.file("apiserver.key"),
		"--token-auth-file", c.file("tokens.csv"), "--authorization-mode", "Node,RBAC",
		"--service-account-issuer", "https://kubernetes.default.svc",
		"--service-account-key-file", c.file("sa.pub"), "--service-account-signing-key-file", c.file("sa.key"),
		"--service-cluster-ip-range", "10.96.0.0/16", "--allow-privileged=true",
		"--endpoint-reconciler-type", "none", // on loopback it refuses to start otherwise
		"--delete-collection-workers", "8", // one by one, thousands of pods go more slowly than they came
	}
	if err := c.run(c.binaries.Path("kube-apiserver"), append(args, c.flags...)...); err != nil {
		return err
	}
	return c.AwaitAPIServer()
}

// AwaitAPIServer waits until the API server says that it is ready.
func (c *Cluster) AwaitAPIServer() error {
	client, err := kubernetes.NewForConfig(c.As(Admin))
	if err != nil {
		return err
	}
	return c.Await("kube-apiserver", func(ctx context.Context) error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// startControllers starts everything that talks to the API server. Controllers use credentials of their own, so that
// the pods of a Job are asked for by system:serviceaccount:kube-system:job-controller. Nodes may be silent for an hour:
// a slow machine must not evict pods.
func (c *Cluster) startControllers() error {
	err := c.run(c.binaries.Path("kube-controller-manager"), append([]string{
		"--kubeconfig", c.kubeconfig(controllerManager), "--leader-elect=false", "--secure-port", "0",
		"--use-service-account-credentials=true", "--service-account-private-key-file", c.file("sa.key"),
		"--root-ca-file", c.file("ca.crt"), "--node-monitor-period", "1s", "--node-monitor-grace-period", "1h",
	}, c.gates...)...)
	if err != nil {
		return err
	}
	err = c.run(c.binaries.Path("kube-scheduler"), append([]string{
		"--kubeconfig", c.kubeconfig(scheduler), "--leader-elect=false", "--secure-port", "0",
	}, c.gates...)...)
	if err != nil {
		return err
	}
	return c.run(c.binaries.Path("kwok"),
		"--kubeconfig", c.kubeconfig(kwok), "--config", c.binaries.Stages, "--manage-all-nodes", "--cidr", "10.244.0.1/16")
}

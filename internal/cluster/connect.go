package cluster

import (
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Connect prepares a client. kubeconfig is a file, or empty in a pod: its service account is used then.
func Connect(kubeconfig string) (*kubernetes.Clientset, error) {
	config, err := Configure(kubeconfig)
	if err != nil {
		return nil, err
	}
	// A node is several times smaller in protobuf.
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return client, nil
}

// Configure says how to reach the cluster.
func Configure(kubeconfig string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	config = rest.CopyConfig(config)
	config.UserAgent = "polymoat"
	// The API server keeps its own order: waiting in a queue of ours would be taken for its silence.
	config.QPS = -1
	return config, nil
}

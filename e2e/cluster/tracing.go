package cluster

import (
	"fmt"
	"os"
)

// tracingConfiguration samples nothing by itself: a trace for each of the thousands of requests of a test would cost more
// than the test.
const tracingConfiguration = `apiVersion: apiserver.config.k8s.io/v1
kind: TracingConfiguration
endpoint: %q
samplingRatePerMillion: 0
`

func (c *Cluster) writeTracing(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	c.flags = append(c.flags, "--tracing-config-file", c.file("tracing.yaml"))
	return os.WriteFile(c.file("tracing.yaml"), fmt.Appendf(nil, tracingConfiguration, endpoint), 0o600)
}

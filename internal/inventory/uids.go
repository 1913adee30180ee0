package inventory

import (
	"fmt"
	"strconv"
	"strings"
)

// uidRange is OpenShift's annotation of a namespace: "1000650000/10000".
const uidRange = "openshift.io/sa.scc.uid-range"

// uids are the ones that OpenShift lets the pods of a namespace use.
type uids struct {
	first, last int64
	sentence    string
}

// uids are those of the first governed namespace that has any; nil where none has.
func (c *Cluster) uids(namespaces []string) *uids {
	for _, namespace := range namespaces {
		for _, meta := range c.Namespaces {
			if meta.Name != namespace {
				continue
			}
			first, size, ok := strings.Cut(meta.Annotations[uidRange], "/")
			from, err := strconv.ParseInt(first, 10, 64)
			n, sizeErr := strconv.ParseInt(size, 10, 64)
			if ok && err == nil && sizeErr == nil && from >= 0 && n > 0 {
				text := fmt.Sprintf("OpenShift gives namespace %s the ids %d to %d, and refuses others.", namespace, from, from+n-1)
				return &uids{from, from + n - 1, text}
			}
		}
	}
	return nil
}

// context is the identity of a role of runs, written behind its node pools. The images that polymoat knows have another.
func (u *uids) context() string {
	if u == nil {
		return ""
	}
	return fmt.Sprintf(", podSecurityContext: {runAsUser: %d, runAsGroup: %d, fsGroup: %d}", u.first, u.first, u.first)
}

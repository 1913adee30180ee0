package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// GitOps are the objects of Argo CD and Flux in the page on installing, in YAML, in the order of the page. root is the
// repository's root.
func GitOps(root string) ([]string, error) {
	const begin, end, fence = "\n## With Argo CD or Flux\n", "\n## ", "```"
	page, err := os.ReadFile(filepath.Join(root, "manifests", "README.md"))
	if err != nil {
		return nil, err
	}
	_, section, found := strings.Cut(string(page), begin)
	if !found {
		return nil, fmt.Errorf("manifests/README.md has no section %q", strings.TrimSpace(begin))
	}
	section, _, _ = strings.Cut(section, end)
	var objects []string
	for i, part := range strings.Split(section, fence) {
		if text, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			objects = append(objects, strings.Split(text, "\n---\n")...)
		}
	}
	return objects, nil
}

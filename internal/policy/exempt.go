package policy

import (
	"slices"
	"strings"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
)

// longestTag is how much longer than its repository the image of an exempt container may be: a tag, a digest, and the
// default registry in another spelling.
const longestTag = 255

// exempt says whether the hardening of s.hardeningRole leaves the container out, because its role lists its image. Each image is
// parsed once in a decision: regular expressions read it, and a pod may have thousands.
func (s *subject) exempt(c *corev1.Container) bool {
	if s.exemptRole == nil || !mayBeOneOf(c.Image, s.exemptRole.rootImages) {
		return false
	}
	name, known := s.repositories[c.Image]
	if !known {
		if named, err := reference.ParseNormalizedNamed(c.Image); err == nil {
			name = named.Name()
		}
		if s.repositories == nil {
			s.repositories = map[string]string{}
		}
		s.repositories[c.Image] = name
	}
	return name != "" && slices.Contains(s.exemptRole.rootImages, name)
}

// mayBeOneOf says whether an image may be of one of the repositories: it is not too long, and has the last part of its
// path. No image is of one that it does not hold here; most are not parsed.
func mayBeOneOf(image string, repositories []string) bool {
	for _, repository := range repositories {
		last := repository[strings.LastIndexByte(repository, '/')+1:]
		if len(image) <= len(repository)+longestTag && strings.Contains(image, last) {
			return true
		}
	}
	return false
}

// exemptsAll says whether every container of the pod is exempt.
func (s *subject) exemptsAll(spec *corev1.PodSpec) bool {
	for c := range containers(spec) {
		if !s.exempt(c.Container) {
			return false
		}
	}
	return true
}

// hasExempt says whether any container of the pod is exempt.
func (s *subject) hasExempt(spec *corev1.PodSpec) bool {
	if s.exemptRole == nil {
		return false
	}
	for c := range containers(spec) {
		if s.exempt(c.Container) {
			return true
		}
	}
	return false
}

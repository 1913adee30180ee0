package v1alpha1

import (
	"math"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ImageIdentity is the identity that the images of some repositories were made for. A pod whose main container has such an image
// is given it where neither the pod nor an override says otherwise, in roles with identity Inject. In a policy:
//
//	images:
//	- {repository: acme/lab, runAsUser: 1000, runAsGroup: 100, fsGroup: 100, home: keep}
type ImageIdentity struct {
	// Repository is a repository's last path segments: "acme/lab" holds for any registry; "jupyter/*" for every repository
	// below jupyter.
	Repository string `json:"repository"`
	// RunAsUser, RunAsGroup and FSGroup are the ids, never 0. Nil: that of the role or of spec.defaults.
	RunAsUser  *int64 `json:"runAsUser,omitempty"`
	RunAsGroup *int64 `json:"runAsGroup,omitempty"`
	FSGroup    *int64 `json:"fsGroup,omitempty"`
	// Home is keep where the image's own HOME is right for that user. Default: spec.defaults.home counts.
	Home Home `json:"home,omitempty"`
}

// Home says which home the processes of an image have.
type Home string

// KeepHome leaves the image's own.
const KeepHome Home = "keep"

// validateHome wants a folder.
func validateHome(home string, at *field.Path) field.ErrorList {
	if home == "" || path.IsAbs(home) && path.Clean(home) == home {
		return nil
	}
	return field.ErrorList{invalid(at, home, `is not an absolute path in its shortest form: "/tmp"`)}
}

func (s *Spec) validateImages(at *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := places{}
	for i, image := range s.Images {
		at := at.Index(i)
		errs = append(errs, image.validate(at)...)
		errs = append(errs, seen.claim(image.Repository, at.Child("repository"))...)
	}
	return errs
}

func (i ImageIdentity) validate(at *field.Path) field.ErrorList {
	var errs field.ErrorList
	_, malformed := path.Match(i.Repository, "")
	switch {
	case i.Repository == "":
		errs = append(errs, missing(at.Child("repository"), `is empty; write the end of a repository: "acme/lab"`))
	case malformed != nil || strings.ContainsAny(i.Repository, "@:"):
		errs = append(errs, invalid(at.Child("repository"), i.Repository, `is not the end of a repository, without tag or digest: "acme/lab", "jupyter/*"`))
	case i.RunAsUser == nil && i.RunAsGroup == nil && i.FSGroup == nil && i.Home == "":
		errs = append(errs, missing(at, "says nothing about the image; set runAsUser, runAsGroup, fsGroup or home"))
	}
	for name, id := range map[string]*int64{"runAsUser": i.RunAsUser, "runAsGroup": i.RunAsGroup, "fsGroup": i.FSGroup} {
		if id != nil && (*id < 1 || *id > math.MaxInt32) {
			errs = append(errs, invalid(at.Child(name), *id, "is not an id from 1 to %d; root is never given", math.MaxInt32))
		}
	}
	if i.Home != "" {
		errs = append(errs, oneOf(i.Home, at.Child("home"), KeepHome)...)
	}
	return errs
}

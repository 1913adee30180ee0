package chart_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/e2e/chart"
)

// What follows are the documented fields of Argo CD and Flux, as far as the page uses them.

type named struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// application is argoproj.io/v1alpha1, Application.
type application struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   named  `json:"metadata"`
	Spec       struct {
		Project     string `json:"project"`
		Destination struct {
			Server    string `json:"server"`
			Namespace string `json:"namespace"`
		} `json:"destination"`
		Source struct {
			RepoURL        string `json:"repoURL"`
			TargetRevision string `json:"targetRevision"`
			Path           string `json:"path"`
			Helm           struct {
				ReleaseName  string         `json:"releaseName"`
				ValuesObject map[string]any `json:"valuesObject"`
			} `json:"helm"`
		} `json:"source"`
		IgnoreDifferences []struct {
			Group             string   `json:"group"`
			Kind              string   `json:"kind"`
			Name              string   `json:"name"`
			JSONPointers      []string `json:"jsonPointers"`
			JQPathExpressions []string `json:"jqPathExpressions"`
		} `json:"ignoreDifferences"`
		SyncPolicy struct {
			Automated struct {
				Prune    bool `json:"prune"`
				SelfHeal bool `json:"selfHeal"`
			} `json:"automated"`
			SyncOptions []string `json:"syncOptions"`
		} `json:"syncPolicy"`
	} `json:"spec"`
}

// gitRepository is source.toolkit.fluxcd.io/v1, GitRepository.
type gitRepository struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   named  `json:"metadata"`
	Spec       struct {
		Interval string `json:"interval"`
		URL      string `json:"url"`
		Ref      struct {
			Tag string `json:"tag"`
		} `json:"ref"`
	} `json:"spec"`
}

// helmRelease is helm.toolkit.fluxcd.io/v2, HelmRelease.
type helmRelease struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   named  `json:"metadata"`
	Spec       struct {
		Interval         string `json:"interval"`
		ReleaseName      string `json:"releaseName"`
		TargetNamespace  string `json:"targetNamespace"`
		StorageNamespace string `json:"storageNamespace"`
		Install          struct {
			CreateNamespace bool `json:"createNamespace"`
		} `json:"install"`
		Chart struct {
			Spec struct {
				Chart             string `json:"chart"`
				ReconcileStrategy string `json:"reconcileStrategy"`
				SourceRef         struct {
					Kind string `json:"kind"`
					Name string `json:"name"`
				} `json:"sourceRef"`
			} `json:"spec"`
		} `json:"chart"`
		Values map[string]any `json:"values"`
	} `json:"spec"`
}

// gitOps decodes the objects of the page.
func gitOps(t *testing.T, into ...any) {
	t.Helper()
	texts, err := chart.GitOps(filepath.Join("..", ".."))
	if err != nil || len(texts) != len(into) {
		t.Fatalf("%d objects, %v; want %d", len(texts), err, len(into))
	}
	for i, text := range texts {
		if err := yaml.UnmarshalStrict([]byte(text), into[i]); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// valuesOf writes values into a file for helm.
func valuesOf(t *testing.T, values map[string]any) string {
	t.Helper()
	text, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return writeValues(t, string(text))
}

// TestArgoCD: the Application has only fields that Argo CD documents, renders, has the webhooks come after the replicas, and
// ignores fields of objects that are there.
func TestArgoCD(t *testing.T) {
	var app application
	gitOps(t, &app, new(gitRepository), new(helmRelease))
	if app.APIVersion != "argoproj.io/v1alpha1" || app.Spec.Source.Path != "manifests/chart" || !app.Spec.SyncPolicy.Automated.Prune {
		t.Errorf("the Application is %+v", app)
	}
	if !slices.Contains(app.Spec.SyncPolicy.SyncOptions, "PruneLast=true") {
		t.Error("the policy that old replicas read would be pruned before they are gone")
	}
	all := render(t, valuesOf(t, app.Spec.Source.Helm.ValuesObject))
	for name, o := range all {
		wave := ""
		if strings.Contains(o.GetKind(), "Webhook") {
			wave = "1"
		}
		if got := o.GetAnnotations()["argocd.argoproj.io/sync-wave"]; got != wave {
			t.Errorf("%s is in wave %q, want %q", name, got, wave)
		}
	}
	for _, ignored := range app.Spec.IgnoreDifferences {
		found := false
		for _, o := range all {
			found = found || o.GetKind() == ignored.Kind && o.GroupVersionKind().Group == ignored.Group && (ignored.Name == "" || ignored.Name == o.GetName())
		}
		if !found {
			t.Errorf("%s %s is ignored, and not rendered", ignored.Kind, ignored.Name)
		}
	}
}

// TestFlux: the objects have only fields that Flux documents, name each other, and render.
func TestFlux(t *testing.T) {
	var repository gitRepository
	var release helmRelease
	gitOps(t, new(application), &repository, &release)
	source := release.Spec.Chart.Spec.SourceRef
	if source.Kind != repository.Kind || source.Name != repository.Metadata.Name || release.Spec.Chart.Spec.Chart != "manifests/chart" {
		t.Errorf("the HelmRelease is %+v", release)
	}
	all := render(t, valuesOf(t, release.Spec.Values))
	if got := all.at(t, validating, "{.webhooks[0].failurePolicy}"); got != "Ignore" {
		t.Errorf("at first the failure policy is %s, want Ignore", got)
	}
}

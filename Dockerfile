# The server, and nothing else: no base, no shell, no package manager, no root. It trusts no CA but that of its service
# account, which the kubelet mounts. `make image` makes the same without a container engine, and what is published.
#
#	docker build --build-arg VERSION=$(git describe --tags --always --dirty --match 'v*') --build-arg COMMIT=$(git rev-parse HEAD) .
FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION COMMIT
ENV CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH
RUN go build -trimpath -tags grpcnotrace -buildvcs=false -ldflags "-s -w -X github.com/polymoat/polymoat/internal/build.version=$VERSION -X github.com/polymoat/polymoat/internal/build.commit=$COMMIT" -o /polymoat ./cmd/polymoat

FROM scratch
COPY --from=build /polymoat /polymoat
# Numeric, so that a kubelet can tell that it is not root.
USER 65532:65532
EXPOSE 9443
ENTRYPOINT ["/polymoat"]

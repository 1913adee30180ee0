# The server, and nothing else: no shell, no package manager, no root.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags "-s -w" -o /polymoat ./cmd/polymoat

FROM gcr.io/distroless/static:nonroot
COPY --from=build /polymoat /polymoat
# Numeric, so that a kubelet can tell that it is not root.
USER 65532:65532
EXPOSE 9443
ENTRYPOINT ["/polymoat"]

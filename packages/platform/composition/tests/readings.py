"""The faults of reading a deployment."""

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError

KEY = "0123456789abcdef0123456789abcdef"


# What Kubernetes sets for a Service with a named port and one without, as it documents.
OF_A_SERVICE = {
    "{}_SERVICE_HOST": "10.0.0.11",
    "{}_SERVICE_PORT": "80",
    "{}_SERVICE_PORT_HTTP": "80",
    "{}_SERVICE_PORT_HTTP_ADMIN": "8080",
    "{}_PORT": "tcp://10.0.0.11:80",
    "{}_PORT_80_TCP": "tcp://10.0.0.11:80",
    "{}_PORT_80_TCP_PROTO": "tcp",
    "{}_PORT_80_TCP_PORT": "80",
    "{}_PORT_80_TCP_ADDR": "10.0.0.11",
    "{}_PORT_53_UDP": "udp://[fd00::11]:53",
    "{}_PORT_53_UDP_PROTO": "udp",
    "{}_PORT_53_UDP_PORT": "53",
    "{}_PORT_53_UDP_ADDR": "fd00::11",
}


def faults_of(values=None, environ=None, path=None):
    """Return the faults of reading the deployment, as (code, where, first line)."""
    with pytest.raises(DeploymentError) as refused:
        read_deployment(path or values, environ=environ or {})
    return [(fault.code, fault.where, fault.what) for fault in refused.value.faults]

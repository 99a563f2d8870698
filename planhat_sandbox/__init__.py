"""A stateful Planhat on loopback, with faults: for the demo, the tests and users' own trials."""

from planhat_sandbox.behaviours import Behaviours
from planhat_sandbox.faults import Fault
from planhat_sandbox.models import SandboxModel, plain_model
from planhat_sandbox.sandbox import Sandbox
from planhat_sandbox.seed import seed_tenant
from planhat_sandbox.tenants import Tenant

__all__ = ["Behaviours", "Fault", "Sandbox", "SandboxModel", "Tenant", "plain_model", "seed_tenant"]

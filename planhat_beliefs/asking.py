"""Asks a tenant: sends each question once, however many facts need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from planhat_beliefs.belief import reason_of
from planhat_beliefs.question import NOT_JSON, FollowUp, Question, Reply, Unanswered
from planhat_sync.api.http.exchange import Request
from planhat_sync.api.http.paths import query_string
from planhat_sync.api.http.retry import RETRIED_STATUSES
from planhat_sync.errors import ConfigurationError, GaveUpError, ProtocolError
from planhat_sync.runtime.plural import counted

if TYPE_CHECKING:
    from planhat_beliefs.question import Asked
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.api.http.transport import Transport
    from planhat_sync.runtime.clock import Clock

OK = 200

ANSWERS = frozenset({OK, *range(400, 500)}) - RETRIED_STATUSES - {407}
"""Statuses that say something about Planhat; 407 comes from a proxy."""

AT_FIRST = ANSWERS - {401}
"""Those to the first request, which 401 says that the token is not valid."""

BUDGET_SECONDS = 60
"""Longest time to keep retrying one question, since the others can still be answered."""


class Asker:
    """Asks questions, each of them once.

    Args:
        transport: Sends the requests.
        clock: The time.

    Attributes:
        statuses: How often each status came back.
        is_any_read: Whether some list could be read.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._replies: dict[Asked, Reply | Unanswered] = {}
        self.statuses: dict[int, int] = {}
        self.is_any_read = False

    def reply(self, asked: Asked) -> Reply | Unanswered:
        """Return what comes back to a question.

        Args:
            asked: The question.

        Raises:
            StopError: Planhat cannot be reached, or does not accept the token.
        """
        if asked not in self._replies:
            self._replies[asked] = (
                self._send(asked) if isinstance(asked, Question) else self._follow_up(asked)
            )
        return self._replies[asked]

    def _follow_up(self, asked: FollowUp) -> Reply | Unanswered:
        replies = []
        for before in asked.after:
            reply = self.reply(before)
            if isinstance(reply, Unanswered):
                return reply
            if not (reply.is_ok and reply.has_form):
                return Unanswered(reason_of(reply))
            replies.append(reply)
        question = asked.make(*replies)
        return Unanswered(asked.lacking) if question is None else self.reply(question)

    def _send(self, question: Question) -> Reply | Unanswered:
        query = query_string({name: value.split(",") for name, value in question.query})
        try:
            reply = self._transport.send(
                Request("GET", question.path, query),
                lambda answer: self._decoded(question, answer),
                accepted=ANSWERS if self.statuses else AT_FIRST,
                budget_seconds=BUDGET_SECONDS,
            )
        except (GaveUpError, ProtocolError) as error:
            if not self.statuses:
                raise
            return Unanswered(f"{question.list_path}: {_without_answer(error)}")
        self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1
        self.is_any_read |= question.is_list and reply.is_ok and reply.has_form
        return reply

    def _decoded(self, question: Question, answer: Answer) -> Reply:
        try:
            value = msgspec.json.decode(answer.body)
        except ValueError:
            if answer.status == OK:
                raise  # it may have been cut short: once more
            value = NOT_JSON
        return Reply(
            question, answer.status, value, answer.headers, len(answer.body), self._clock.epoch()
        )

    def check_any_answer(self) -> None:
        """Check that some list could be read.

        Raises:
            ConfigurationError: None could, so that nothing has been found out.
        """
        if not self.is_any_read:
            answers = self.statuses.items()
            counts = ", ".join(f"{counted(count, 'time')} {status}" for status, count in answers)
            raise ConfigurationError(
                f"{self._transport.connection.host} has no list that api_token can read "
                f"(answered {counts}): check api_url, and the permissions of the private app"
            )


def _without_answer(error: GaveUpError | ProtocolError) -> str:
    return "no usable answer came" if error.status is None else f"it was answered {error.status}"

"""Requests to a source to correct a fact."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('consent', '0015_purposes_of_the_twin'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, help_text='UUIDv7: later requests have larger ones.', primary_key=True, serialize=False)),
                ('source', models.CharField(help_text="The agency's code: it answers.", max_length=64)),
                ('category', models.CharField(max_length=64)),
                ('category_version', models.PositiveSmallIntegerField()),
                ('key', models.CharField(max_length=64)),
                ('since', models.DateTimeField(help_text='When Aurora learnt what is said to be wrong: who has read it since is told of a correction.')),
                ('language', models.CharField(help_text='In which the citizen wrote: fi, sv or en.', max_length=2)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('sealed', models.BinaryField(help_text='What the source says, what the citizen says is right, and why.')),
                ('state', models.CharField(choices=[('open', 'Open'), ('corrected', 'Corrected'), ('refused', 'Refused'), ('closed', 'Closed')], default='open', max_length=9)),
                ('read_at', models.DateTimeField(help_text='When the source first read it.', null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('overdue_told_at', models.DateTimeField(help_text='When the citizen was told that no answer came in time.', null=True)),
                ('answer_sealed', models.BinaryField(null=True)),
                ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('mandate', models.ForeignKey(help_text='On which a guardian asked for a child. Null: the citizen did.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.mandate')),
            ],
            options={
                'indexes': [models.Index(fields=['source', 'state', 'id'], name='correction_of_whom'), models.Index(fields=['citizen', '-id'], name='correction_of_citizen'), models.Index(condition=models.Q(('overdue_told_at__isnull', True), ('state', 'open')), fields=['due_at'], name='correction_overdue')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('citizen', 'category', 'key', 'source'), name='one_open_correction_a_fact'), models.CheckConstraint(condition=models.Q(models.Q(('answer_sealed__isnull', True), ('answered_at__isnull', True), ('state__in', ['open', 'closed'])), models.Q(('answer_sealed__isnull', False), ('answered_at__isnull', False), ('state__in', ['corrected', 'refused'])), _connector='OR'), name='correction_answered_with_an_answer'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state', 'closed')), models.Q(models.Q(('state', 'closed'), _negated=True), ('closed_at__isnull', True)), _connector='OR'), name='correction_closed_when'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('asked_at'))), name='correction_due_after')],
            },
        ),
    ]
